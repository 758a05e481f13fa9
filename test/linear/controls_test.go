package linear

import (
	"math"

	"github.com/anishathalye/porcupine"
)

// example is a history that is right or wrong.
type example struct {
	right bool
	stock int64
	all   []porcupine.Operation
}

// then is operations one after the other.
func then(all ...porcupine.Operation) []porcupine.Operation {
	for i := range all {
		all[i].ClientId = i
		if all[i].Return == 0 {
			all[i].Call, all[i].Return = int64(10*i), int64(10*i+5)
		} else {
			all[i].Call = int64(10 * i)
		}
	}
	return all
}

func did(k kind, slot int, copies int64, a answer) porcupine.Operation {
	return porcupine.Operation{Input: operation{k, slot, copies}, Output: a}
}

// lost is an operation that was not answered.
func lost(k kind, slot int, copies int64) porcupine.Operation {
	o := did(k, slot, copies, answer{lost: true})
	o.Return = math.MaxInt64
	return o
}

func took(slot int, copies, there int64) porcupine.Operation {
	return did(reserve, slot, copies, answer{decision: taken, available: there})
}

func was(k kind, slot int, copies int64, d decision, there int64) porcupine.Operation {
	return did(k, slot, copies, answer{decision: d, available: there})
}

func saw(stock int64) porcupine.Operation { return did(read, 0, 0, answer{stock: stock}) }

// cases are histories of a few operations, each wrong one beside a right one
// that differs from it as little as can be.
func cases() map[string]example {
	return map[string]example{
		"two take what there is":               {true, 3, then(took(0, 1, 3), took(1, 2, 2), saw(0))},
		"an oversell":                          {false, 3, then(took(0, 2, 3), took(1, 2, 1), saw(0))},
		"an oversell by two who read the same": {false, 1, together(took(0, 1, 1), took(1, 1, 1))},
		"one of two at once gets the last":     {true, 1, together(took(0, 1, 1), was(reserve, 1, 1, refused, 0))},
		"both of two at once are refused":      {false, 1, together(was(reserve, 0, 1, refused, 0), was(reserve, 1, 1, refused, 0))},

		"what is released is there again": {true, 1, then(took(0, 1, 1), was(release, 0, 0, released, 1), took(1, 1, 1))},
		"a lost release":                  {false, 1, then(took(0, 1, 1), was(release, 0, 0, released, 1), saw(0))},
		"a release that counts twice":     {false, 1, then(took(0, 1, 1), was(release, 0, 0, released, 1), was(release, 0, 0, released, 1), saw(2))},
		"a tombstone holds":               {true, 1, then(was(release, 0, 0, tombstone, 0), was(reserve, 0, 1, tombstone, 0), saw(1))},
		"a forgotten tombstone":           {false, 1, then(was(release, 0, 0, tombstone, 0), took(0, 1, 1))},

		"a read while another takes":     {true, 1, together(took(0, 1, 1), saw(1))},
		"a stale read":                   {false, 1, then(took(0, 1, 1), saw(1))},
		"a read back in time":            {false, 1, overlapped(took(0, 1, 1), saw(0), saw(1))},
		"a read forth in time":           {true, 1, overlapped(took(0, 1, 1), saw(1), saw(0))},
		"a decision again":               {true, 1, then(took(0, 1, 1), took(0, 1, 1), saw(0))},
		"a decision that is made anew":   {false, 1, then(was(reserve, 0, 2, refused, 1), did(add, 1, 1, answer{stock: 2}), took(0, 2, 2))},
		"a reservation that is not kept": {false, 1, then(took(0, 1, 1), was(look, 0, 0, unseen, 0))},

		"a movement again":           {true, 1, then(did(add, 0, 2, answer{stock: 3}), did(add, 0, 2, answer{stock: 3}))},
		"a movement that is doubled": {false, 1, then(did(add, 0, 2, answer{stock: 3}), did(add, 0, 2, answer{stock: 5}))},
		"a lost movement":            {false, 1, then(did(set, 0, 5, answer{stock: 5}), saw(1))},
		"a movement below nothing":   {false, 1, then(did(add, 0, -2, answer{stock: -1}))},

		"what was not answered may have happened": {true, 1, then(lost(reserve, 0, 1), saw(0))},
		"it may happen later":                     {true, 1, then(lost(reserve, 0, 1), saw(1), saw(0))},
		"it may never happen":                     {true, 1, then(lost(reserve, 0, 1), saw(1), saw(1))},
		"it can't be undone by itself":            {false, 1, then(lost(reserve, 0, 1), saw(0), saw(1))},
		"it happens once":                         {false, 2, then(lost(reserve, 0, 1), lost(reserve, 0, 1), saw(0))},
	}
}

// together is operations at the same time.
func together(all ...porcupine.Operation) []porcupine.Operation {
	for i := range all {
		all[i].ClientId, all[i].Call, all[i].Return = i, 0, 10
	}
	return all
}

// overlapped is operations one after the other while the first goes on.
func overlapped(all ...porcupine.Operation) []porcupine.Operation {
	all = then(all...)
	all[0].Return = math.MaxInt64 / 2
	return all
}
