package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bazar-store/bazar/internal/batch"
)

// slow doubles numbers, a second a batch, and records the batches it saw.
type slow struct {
	mu      sync.Mutex
	batches [][]int
}

func (s *slow) run(_ context.Context, in []int) ([]int, error) {
	s.mu.Lock()
	s.batches = append(s.batches, in)
	s.mu.Unlock()
	time.Sleep(time.Second) //nolint:forbidigo // fake time: the tests run in a synctest bubble
	out := make([]int, len(in))
	for i, n := range in {
		if n < 0 {
			return nil, errPoison
		}
		out[i] = 2 * n
	}
	return out, nil
}

var errPoison = errors.New("poison")

func TestAloneWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := batch.New(batch.Options[int]{}, (&slow{}).run)
		out, err := g.Do(t.Context(), 21)
		if out != 42 || err != nil || time.Since(start) != time.Second {
			t.Fatalf("got %d, %v after %v", out, err, time.Since(start))
		}
		g.Close()
	})
}

func TestThoseWhoWaitTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Callers: 4}, s.run)
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				if out, err := g.Do(t.Context(), i); out != 2*i || err != nil {
					t.Errorf("Do(%d) = %d, %v", i, out, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		g.Close()
		if sizes := sizes(s.batches); sizes != "1 4 4 " {
			t.Errorf("batches of %s, want 1 4 4", sizes)
		}
	})
}

func sizes(batches [][]int) (s string) {
	for _, b := range batches {
		s += strconv.Itoa(len(b)) + " "
	}
	return s
}

func TestWeightBoundsABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Weight: 10, Weigh: func(n int) int { return n }}, s.run)
		together(t, g, 1, 6, 5, 4, 100, 3)
		if sizes := sizes(s.batches); sizes != "1 1 2 1 1 " {
			t.Errorf("batches of %s, want 1 1 2 1 1", sizes)
		}
	})
}

// together sends the values one after the other, each waiting behind the first.
func together(t *testing.T, g *batch.Group[int, int], values ...int) (errs []error) {
	t.Helper()
	errs = make([]error, len(values))
	var wg sync.WaitGroup
	for i, v := range values {
		wg.Go(func() { _, errs[i] = g.Do(t.Context(), v) })
		synctest.Wait()
	}
	wg.Wait()
	g.Close()
	return errs
}

func TestEqualKeysShareASeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Key: strconv.Itoa}, s.run)
		together(t, g, 1, 7, 7, 8, 7)
		if len(s.batches) != 2 || len(s.batches[1]) != 2 {
			t.Errorf("batches %v, want [[1] [7 8]]", s.batches)
		}
	})
}

func TestAPoisonedCallerHarmsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Split: func(err error) bool { return errors.Is(err, errPoison) }}, s.run)
		errs := together(t, g, 0, 1, -2, 3, 4)
		for i, err := range errs {
			if (i == 2) != errors.Is(err, errPoison) {
				t.Errorf("caller %d: %v", i, err)
			}
		}
	})
}

func TestAnErrorOfTheSurroundingsIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Split: func(error) bool { return false }}, s.run)
		errs := together(t, g, 0, 1, -2, 3)
		if errs[0] != nil || errs[1] == nil || errs[2] == nil || errs[3] == nil || len(s.batches) != 2 {
			t.Errorf("errors %v in %d batches", errs, len(s.batches))
		}
	})
}

func TestWhoLeavesBeforeTheRunIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{}, s.run)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = g.Do(t.Context(), 1) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := g.Do(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left with %v", err)
		}
		wg.Wait()
		g.Close()
		if len(s.batches) != 1 {
			t.Errorf("batches %v: the one who left was carried", s.batches)
		}
	})
}

func TestWhoLeavesDuringTheRunDoesNotStopIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		g := batch.New(batch.Options[int]{}, func(ctx context.Context, in []int) ([]int, error) {
			time.Sleep(time.Second) //nolint:forbidigo // fake time
			ended <- ctx.Err()
			return in, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := g.Do(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left with %v", err)
		}
		g.Close()
		if err := <-ended; err != nil {
			t.Errorf("the run saw %v", err)
		}
	})
}

func TestAFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := batch.New(batch.Options[int]{Queue: 2}, (&slow{}).run)
		errs := together(t, g, 1, 2, 3, 4)
		if full := (*batch.Full)(nil); !errors.As(errs[3], &full) || full.Closed || errs[2] != nil {
			t.Errorf("errors %v, want only the last full", errs)
		}
	})
}

func TestCloseAnswersAllAndRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := batch.New(batch.Options[int]{Callers: 1}, (&slow{}).run)
		if errs := together(t, g, 1, 2, 3); errors.Join(errs...) != nil {
			t.Errorf("closing lost callers: %v", errs)
		}
		if _, err := g.Do(t.Context(), 4); err == nil || !err.(*batch.Full).Closed { //nolint:errorlint // Do gives it bare
			t.Errorf("a closed group took a caller: %v", err)
		}
	})
}

// Whoever sends is told once, whatever happens.
func TestWhoSendsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := batch.New(batch.Options[int]{Callers: 1, Queue: 2}, (&slow{}).run)
		gone, leave := context.WithCancel(t.Context())
		var mu sync.Mutex
		told := map[string][]error{}
		send := func(name string, ctx context.Context, in int) {
			g.Send(ctx, in, func(out int, err error) {
				if err == nil && out != 2*in {
					t.Errorf("%d became %d", in, out)
				}
				mu.Lock()
				defer mu.Unlock()
				told[name] = append(told[name], err)
			})
		}
		send("served", t.Context(), 1)
		synctest.Wait()
		send("gone", gone, 2)
		send("poisoned", t.Context(), -3)
		send("too many", t.Context(), 4)
		leave()
		g.Close()
		send("too late", t.Context(), 5)
		for name, wanted := range map[string]string{
			"served": "[<nil>]", "gone": "[context canceled]", "poisoned": "[poison]",
			"too many": "[too many requests wait already]", "too late": "[the server is stopping]",
		} {
			if got := fmt.Sprint(told[name]); got != wanted {
				t.Errorf("%s: told %s, not %s", name, got, wanted)
			}
		}
	})
}

// Those who are sent on by the one who ran their batch go on together, though
// nobody waits for anybody.
func TestThoseWhoAreSentOnGoOnTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &slow{}, &slow{}
		nine := batch.Options[int]{Present: func() int { return 27 }} // has a run wait for a third of them
		a, b := batch.New(nine, first.run), batch.New(nine, second.run)
		var arrived []int
		for i := range 9 {
			a.Send(t.Context(), i, func(out int, _ error) {
				b.Send(t.Context(), out, func(out int, err error) {
					if err != nil {
						t.Error(err)
					}
					arrived = append(arrived, out)
				})
			})
		}
		a.Close()
		b.Close()
		if fmt.Sprint(arrived) != "[0 4 8 12 16 20 24 28 32]" || len(first.batches) != 1 || len(second.batches) != 1 {
			t.Errorf("%v arrived, in batches %v and %v", arrived, first.batches, second.batches)
		}
	})
}

// Whoever makes a run panic harms nobody else.
func TestAPanicIsTheErrorOfWhoCausedItAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Present: func() int { return 24 }}, func(ctx context.Context, in []int) ([]int, error) {
			if slices.Contains(in, 5) {
				panic("boom")
			}
			return s.run(ctx, in)
		})
		var failed []int
		for i := range 8 {
			g.Send(t.Context(), i, func(out int, err error) {
				if err != nil || out != 2*i {
					failed = append(failed, i)
				}
			})
		}
		g.Close()
		if fmt.Sprint(failed, s.batches) != "[5] [[0 1 2 3] [4] [6 7]]" {
			t.Errorf("%v failed, beside batches %v", failed, s.batches)
		}
	})
}

func TestAPanicAnswersEverybody(t *testing.T) {
	g := batch.New(batch.Options[int]{}, func(context.Context, []int) ([]int, error) { panic("boom") })
	if _, err := g.Do(t.Context(), 1); err == nil {
		t.Error("no error")
	}
	g.Close()
}

// Those whom one batch has answered ask the next one together: the first of them
// must not travel alone while all others wait for it to come back.
func TestThoseWhoCameTogetherGoOnTogether(t *testing.T) {
	const callers, rounds = 64, 20
	var batches []int
	for range 5 { // who runs first is the scheduler's choice: the median of a few
		first, second := goTogether(t, callers, rounds)
		batches = append(batches, first, second)
	}
	slices.Sort(batches)
	// Two crowds may form, of which one travels while the other waits; now and then
	// somebody runs ahead of them. Where nobody is waited for it is nearly four times
	// as many as rounds.
	if n := batches[len(batches)/2]; n > 3*rounds {
		t.Errorf("%d times %d callers made %d batches", rounds, callers, n)
	}
}

// goTogether has callers go through two groups, many times, and says how many
// batches each made of it.
func goTogether(t *testing.T, callers, rounds int) (first, second int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		one, other := &slow{}, &slow{}
		a, b := batch.New(batch.Options[int]{}, one.run), batch.New(batch.Options[int]{}, other.run)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for range rounds {
					for _, g := range []*batch.Group[int, int]{a, b} {
						if _, err := g.Do(t.Context(), i); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		a.Close()
		b.Close()
		first, second = len(one.batches), len(other.batches)
	})
	return first, second
}

// With many about, a run waits until a third of them are here, but no longer than
// a millisecond; with few it waits for nobody.
func TestARunWaitsForAThirdOfThoseAbout(t *testing.T) {
	for _, c := range []struct {
		name         string
		about, comes int
		batches      string
		after        time.Duration
	}{
		{"enough come", 30, 10, "10 ", 900 * time.Microsecond},
		{"too few come", 300, 7, "7 ", time.Millisecond},
		{"few are about", 5, 4, "1 3 ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{}
				first := time.Duration(-1)
				start := time.Now()
				g := batch.New(batch.Options[int]{Present: func() int { return c.about }}, func(ctx context.Context, in []int) ([]int, error) {
					if first < 0 {
						first = time.Since(start)
					}
					return s.run(ctx, in)
				})
				var wg sync.WaitGroup
				for i := range c.comes {
					wg.Go(func() {
						if out, err := g.Do(t.Context(), i); out != 2*i || err != nil {
							t.Errorf("Do(%d) = %d, %v", i, out, err)
						}
					})
					synctest.Wait()
					if i < c.comes-1 {
						time.Sleep(100 * time.Microsecond) //nolint:forbidigo // fake time
					}
				}
				wg.Wait()
				g.Close()
				if got := sizes(s.batches); got != c.batches || first != c.after {
					t.Errorf("batches of %s after %v, want %s after %v", got, first, c.batches, c.after)
				}
			})
		})
	}
}

// In a crowd a second run begins beside the first, and not before.
func TestACrowdHasASecondRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		g := batch.New(batch.Options[int]{Crowd: 5}, s.run)
		errs := together(t, g, 0, 1, 2, 3, 4, 5, 6, 7, 8)
		if got := sizes(s.batches); got != "1 5 3 " {
			t.Errorf("batches of %s, want 1 5 3; %v", got, errs)
		}
	})
}

// Where a batch carries no crowd, none begins beside it.
func TestSingleCallersRunAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := batch.New(batch.Options[int]{Callers: 1, Crowd: 2}, (&slow{}).run)
		together(t, g, 1, 2, 3, 4)
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("four runs took %v", took)
		}
	})
}
