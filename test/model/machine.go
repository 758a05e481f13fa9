package model

// machine is a protocol in a world.
type machine struct {
	world      world
	steps      []step
	invariants []invariant
}

func newMachine(w world, steps []step) *machine {
	return &machine{world: w, steps: steps, invariants: invariants()}
}

// event is a step that was taken, and where.
type event struct {
	step *step
	i    int
}

// successors calls visit with every state that can follow, and by what, until
// visit says no. The state is visit's only until it returns.
func (m *machine) successors(s *state, visit func(event, *state) bool) {
	var next state
	for k := range m.steps {
		step := &m.steps[k]
		for i := range step.places() {
			next = *s
			if step.do(m.scene(step, &next, i)) && !visit(event{step, i}, &next) {
				return
			}
		}
	}
}

// places is how many orders or books the step may be about.
func (t *step) places() int {
	switch {
	case t.once:
		return 1
	case t.books:
		return books
	default:
		return orders
	}
}

func (m *machine) scene(t *step, s *state, i int) scene {
	if t.once || t.books {
		return scene{world: &m.world, state: s, i: i}
	}
	return m.order(s, i)
}

func (m *machine) order(s *state, i int) scene {
	return scene{world: &m.world, state: s, order: &s.orders[i], i: i}
}

// broken gives the name of an invariant that does not hold, or "".
func (m *machine) broken(s *state) string {
	for k := range m.invariants {
		v := &m.invariants[k]
		if v.once {
			if !v.holds(scene{world: &m.world, state: s}) {
				return v.name
			}
			continue
		}
		for i := range s.orders {
			if !v.holds(m.order(s, i)) {
				return v.name
			}
		}
	}
	return ""
}

// settleRounds is more than any order needs: a lease, a decision and an answer.
const settleRounds = 4

// lastFault gives the state after the last fault: every process crashes once
// more, everything that was under way is lost, and leases run out.
func (m *machine) lastFault(s state) state {
	for k := range m.steps {
		if t := &m.steps[k]; t.by == crash || t.by == clock {
			m.everywhere(t, &s)
		}
	}
	for i := range s.orders {
		s.orders[i].sent = 0
	}
	return m.world.canonical(s)
}

// settle lets only the services run after the last fault, driven on by again,
// and gives the state they come to. What they do is what they may do in any
// state, so the invariants are held against it there.
func (m *machine) settle(s state, again func(*machine, *state)) (rest state) {
	for range settleRounds {
		before := s
		again(m, &s)
		for k := range m.steps {
			if t := &m.steps[k]; t.by == service && t.name != leaseStep {
				m.everywhere(t, &s)
			}
		}
		if s == before {
			break
		}
	}
	return s
}

// everywhere takes a step wherever it can be taken.
func (m *machine) everywhere(t *step, s *state) {
	for i := range t.places() {
		t.do(m.scene(t, s, i))
	}
}

// recovery drives orders on as servers do: by leases, once those before ran out.
func recovery(m *machine, s *state) {
	for k := range m.steps {
		if t := &m.steps[k]; t.by == clock || t.name == leaseStep {
			m.everywhere(t, s)
		}
	}
}

// customers drive their orders on themselves, as "orders resume" does where
// there is no server: by asking for the same again.
func customers(m *machine, s *state) {
	for i := range s.orders {
		name := ""
		switch o := &s.orders[i]; {
		case o.row == cancelling:
			name = cancelStep
		case o.row == pending && o.body == 0:
			name = placeStep
		case o.row == pending:
			name = otherStep
		}
		for k := range m.steps {
			if m.steps[k].name == name {
				m.steps[k].do(m.order(s, i))
			}
		}
	}
}
