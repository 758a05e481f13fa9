package order

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	recoverEvery = time.Second
	recoverBatch = 200   // orders that are leased together
	recoverLines = 2_000 // lines of orders that are sent and settled together
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

// Recover drives pending and cancelling orders on until ctx ends: those of
// requests that were cut off, by whatever, in this process or another.
func (s *Service) Recover(ctx context.Context) error {
	failures, pace := 0, pace{size: recoverBatch}
	for {
		recovered, err := s.recoverDue(ctx, &pace)
		if recovered && failures > 0 && err == nil {
			err = s.allDue(ctx)
		}
		if recovered {
			failures = 0
		}
		wait := recoverEvery
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "orders stay open", "error", err)
			failures++
			wait = backoff(failures)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// backoff is how long to wait after so many failures, with jitter, so that
// replicas do not come all at once.
func backoff(failures int) time.Duration {
	limit := min(firstBackoff<<min(failures-1, 8), lastBackoff)
	return limit/2 + rand.N(limit/2) //nolint:gosec // jitter is no secret
}

// pace is how boldly recovery goes on with orders that were tried in vain. One
// order can make the catalog fail, and then looks like a catalog that is down.
type pace struct {
	// size is how many travel together: it halves with each failure and doubles
	// with each success, so that one that always fails is soon alone.
	size int
	// alive says that the last call settled something. Then one that spoils a
	// call is looked for at once; a catalog that is down is asked no more than
	// once before the next wait.
	alive bool
}

func (p *pace) note(settled int, err error) {
	p.alive = settled > 0
	if err != nil {
		p.size = max(p.size/2, 1)
	} else {
		p.size = min(p.size*2, recoverBatch)
	}
}

// recoverDue drives on every order that is due, a batch at a time, until one
// fails. It says whether it has settled any.
func (s *Service) recoverDue(ctx context.Context, pace *pace) (recovered bool, err error) {
	for {
		rows, err := s.lease(ctx, pace.size)
		if err != nil || len(rows) == 0 {
			return recovered, err
		}
		settled, err := s.driveLeased(ctx, rows, pace.alive)
		pace.note(settled, err)
		if recovered = recovered || settled > 0; settled > 0 {
			s.log.InfoContext(ctx, "recovered orders", "orders", settled)
		}
		if err != nil {
			return recovered, errors.Join(err, s.postpone(ctx, rows))
		}
	}
}

// isDue finds open orders that are due, of those that were tried before, or of the
// others, as their index has them.
const isDue = "state IN ('pending', 'cancelling') AND (attempts > 0) = ? AND attempt_at <= ?"

// lease takes orders that are due, committed before anything is called: another
// replica will not take them until the lease is over. It takes those that were
// never tried, or, where there are none, some of the others.
func (s *Service) lease(ctx context.Context, some int) (rows []orderRow, err error) {
	if rows, err = s.leaseOf(ctx, false, recoverBatch); err != nil || len(rows) > 0 {
		return rows, err
	}
	return s.leaseOf(ctx, true, some)
}

func (s *Service) leaseOf(ctx context.Context, tried bool, most int) (rows []orderRow, err error) {
	due, err := database.ScanOne(s.db.Read(ctx), []any{new(int)}, "SELECT 1 FROM orders WHERE "+isDue+" LIMIT 1", tried, now())
	if err != nil || !due {
		return nil, database.Explain(err)
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`UPDATE orders SET attempt_at = ?, attempts = attempts + 1
			WHERE id IN (SELECT id FROM orders WHERE `+isDue+` ORDER BY attempt_at LIMIT ?)
			RETURNING *`, now()+liveOrder.Milliseconds(), tried, now(), most).Scan(&rows).Error
	})
	return rows, err
}

// driveLeased drives orders on within a lease, and counts those it settled.
func (s *Service) driveLeased(ctx context.Context, rows []orderRow, alive bool) (settled int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var pending, cancelling []*orderRow
	for i := range rows {
		if rows[i].State == api.OrderCancelling {
			cancelling = append(cancelling, &rows[i])
		} else {
			pending = append(pending, &rows[i])
		}
	}
	ended, err := s.cancelAll(ctx, cancelling, alive)
	settled = len(ended)
	for part := range byLines(pending) {
		n, partErr := s.driveAll(ctx, part, alive)
		settled, err, alive = settled+n, errors.Join(err, partErr), n > 0
		if partErr != nil && !alive {
			break // the catalog is not asked for the rest
		}
	}
	return settled, err
}

// byLines gives orders in parts of as many lines as are sent and settled together.
func byLines(rows []*orderRow) iter.Seq[[]*orderRow] {
	return func(yield func([]*orderRow) bool) {
		for len(rows) > 0 {
			n, lines := 0, 0
			for n < len(rows) && (n == 0 || lines+len(rows[n].Lines.of) <= recoverLines) {
				lines += len(rows[n].Lines.of)
				n++
			}
			if !yield(rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// driveAll has the catalog decide orders, and settles those that it decided. One
// that spoils the call for all is found by halves, so that it holds up no other:
// where only a single order can have spoiled it, or the catalog is known to be
// alive.
func (s *Service) driveAll(ctx context.Context, rows []*orderRow, alive bool) (settled int, err error) {
	decisions, err := s.decideAll(ctx, rows)
	if half := len(rows) / 2; err != nil && half > 0 && (alive || spoiled(err)) && ctx.Err() == nil {
		first, firstErr := s.driveAll(ctx, rows[:half], alive)
		second, secondErr := s.driveAll(ctx, rows[half:], first > 0)
		return first + second, errors.Join(firstErr, secondErr)
	}
	if err != nil {
		return 0, err
	}
	var decided []*orderRow
	var errs []error
	for _, d := range decisions {
		if d.err != nil {
			errs = append(errs, d.err)
		} else {
			decided = append(decided, d.row)
		}
	}
	if len(decided) > 0 {
		if _, err := s.writeAll(ctx, each(settle, decided)); err != nil {
			return 0, errors.Join(append(errs, err)...)
		}
	}
	return len(decided), errors.Join(errs...)
}

// postpone makes leased orders due again after a backoff of their own.
func (s *Service) postpone(ctx context.Context, rows []orderRow) error {
	ids, attempts := make([]string, len(rows)), 1
	for i := range rows {
		ids[i] = rows[i].ID
		attempts = max(attempts, rows[i].Attempts)
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&orderRow{}).Where("state IN ('pending', 'cancelling') AND id IN ?", ids).
			UpdateColumn("attempt_at", now()+backoff(attempts).Milliseconds()).Error
	})
}

// allDue makes all orders due that have been tried in vain: the way is free
// again.
func (s *Service) allDue(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&orderRow{}).Where("state IN ('pending', 'cancelling') AND (attempts > 0) = 1 AND attempt_at > ?", now()).
			UpdateColumn("attempt_at", now()).Error
	})
}
