package simulation

import (
	"strings"
	"time"
)

// weather is how a seed's network is, in chances of a thousand. Each seed has
// some kinds of faults and lacks others, so that none hides the rest.
type weather struct {
	// coarse is whether messages travel for whole milliseconds: many arrive at
	// the same moment then, and share a batch. Otherwise each has a moment of its
	// own, and what happens is one thing after the other.
	coarse bool

	refused, lostRequest, lostAnswer, silent, twice, cutRequest, cutAnswer, slow, hangsUp, dies int
}

func drawWeather(d *dice) weather {
	often := func() int { return pick(d, 0, 0, 30, 80, 200) }
	return weather{
		coarse: d.chance(400), refused: pick(d, 0, 0, 30, 100), lostRequest: often(), lostAnswer: often(), silent: pick(d, 0, 300, 1000),
		twice: often(), cutRequest: pick(d, 0, 0, 30, 80), cutAnswer: often(), slow: pick(d, 0, 30, 150), hangsUp: pick(d, 0, 500, 1000),
		dies: pick(d, 0, 20, 80),
	}
}

// fate is what becomes of one request.
type fate struct {
	out, back, again time.Duration

	refused, lostRequest, lostAnswer, silent, twice, hangsUp bool

	cutRequest, cutAnswer int // bytes; -1: whole
	death                 death
}

func (f fate) String() string {
	var b strings.Builder
	for _, fault := range f.faults() {
		b.WriteString(" (" + fault + ")")
	}
	return b.String()
}

// faults are the kinds of faults that befall a request.
func (f fate) faults() (kinds []string) {
	for _, part := range []struct {
		so   bool
		what string
	}{
		{f.refused, "refused"},
		{f.lostRequest, "request lost"},
		{f.lostAnswer, "answer lost"},
		{f.twice, "twice"},
		{f.cutRequest >= 0, "request cut"},
		{f.cutAnswer >= 0, "answer cut"},
		{f.out+f.back > time.Second, "late"},
	} {
		if part.so {
			kinds = append(kinds, part.what)
		}
	}
	return kinds
}

// fate draws what becomes of a request; once the faults are over it arrives.
func (w *world) fate(d *dice, m *message) fate {
	f := fate{out: w.weather.travel(d), back: w.weather.travel(d), cutRequest: -1, cutAnswer: -1}
	if w.isCalm() {
		f.out, f.back = time.Millisecond, time.Millisecond
		return f
	}
	f.refused, f.lostRequest, f.lostAnswer = d.chance(w.weather.refused), d.chance(w.weather.lostRequest), d.chance(w.weather.lostAnswer)
	f.silent, f.twice, f.hangsUp = d.chance(w.weather.silent), d.chance(w.weather.twice), d.chance(w.weather.hangsUp)
	if d.chance(w.weather.cutRequest) && len(m.body) > 0 {
		f.cutRequest = d.IntN(len(m.body))
	}
	if d.chance(w.weather.cutAnswer) {
		f.cutAnswer = d.IntN(200)
	}
	for _, kind := range f.faults() {
		w.fault(kind)
	}
	if f.again = w.weather.travel(d); d.chance(500) {
		f.again += d.within(6 * time.Second) // behind whatever was decided meanwhile
	}
	if d.chance(w.weather.dies) {
		f.death.at = pick(d, onArrival, atWork, atWork, onAnswer)
		if m.from == orderHost && d.chance(500) {
			f.death.at = onCall
		}
		f.death.torn = f.death.at == atWork && (!w.weather.coarse || d.chance(500))
	}
	return f
}

// travel is how long a message is on its way.
func (w *weather) travel(d *dice) time.Duration {
	t := d.within(4 * time.Millisecond)
	if d.chance(w.slow) {
		t = d.within(4 * time.Second)
	}
	if w.coarse {
		t = t.Truncate(time.Millisecond)
	}
	return t
}
