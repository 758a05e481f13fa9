package order

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	recoverEvery = time.Second
	recoverBatch = 20 // of at most 100 lines each: as many lines as a batch carries
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

// Recover drives pending and cancelling orders on until ctx ends: those of
// requests that were cut off, by whatever, in this process or another.
func (s *Service) Recover(ctx context.Context) error {
	failures := 0
	for {
		recovered, err := s.recoverDue(ctx)
		if recovered && failures > 0 {
			err = errors.Join(err, s.allDue(ctx))
		}
		wait := recoverEvery
		switch {
		case err == nil && recovered:
			failures = 0
		case err == nil:
		case ctx.Err() == nil:
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
	return limit/2 + rand.N(limit/2) // jitter is no secret
}

// recoverDue drives on every order that is due, a batch at a time, until one
// fails. It says whether it has settled any.
func (s *Service) recoverDue(ctx context.Context) (recovered bool, err error) {
	for {
		rows, err := s.lease(ctx)
		if err != nil || len(rows) == 0 {
			return recovered, err
		}
		settled, err := s.driveLeased(ctx, rows)
		if recovered = recovered || settled > 0; settled > 0 {
			s.log.InfoContext(ctx, "recovered orders", "orders", settled)
		}
		if err != nil {
			return recovered, errors.Join(err, s.postpone(ctx, rows))
		}
	}
}

// lease takes orders that are due, committed before anything is called: another
// replica will not take them until the lease is over.
func (s *Service) lease(ctx context.Context) (rows []orderRow, err error) {
	due, err := database.ScanOne(s.db.Read(ctx), []any{new(int)},
		"SELECT 1 FROM orders WHERE state IN ('pending', 'cancelling') AND attempt_at <= ? LIMIT 1", now())
	if err != nil || !due {
		return nil, database.Explain(err)
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Raw(`UPDATE orders SET attempt_at = ?, attempts = attempts + 1 WHERE id IN (
				SELECT id FROM orders WHERE state IN ('pending', 'cancelling') AND attempt_at <= ? ORDER BY attempt_at LIMIT ?)
			RETURNING *`, now()+liveOrder.Milliseconds(), now(), recoverBatch).Scan(&rows).Error
	})
	return rows, err
}

// driveLeased drives orders on within a lease, and counts those it settled.
func (s *Service) driveLeased(ctx context.Context, rows []orderRow) (settled int, err error) {
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
	ended, cancelErr := s.cancelAll(ctx, cancelling)
	if len(pending) > 0 {
		settled, err = s.driveAll(ctx, pending)
	}
	return settled + len(ended), errors.Join(cancelErr, err)
}

// driveAll has the catalog decide orders, and settles those that it decided. One
// that spoils the call for all is found by halves, so that it holds up no other.
func (s *Service) driveAll(ctx context.Context, rows []*orderRow) (settled int, err error) {
	decisions, err := s.reserveAll(ctx, rows)
	if half := len(rows) / 2; err != nil && half > 0 && spoiled(err) && ctx.Err() == nil {
		first, firstErr := s.driveAll(ctx, rows[:half])
		second, secondErr := s.driveAll(ctx, rows[half:])
		return first + second, errors.Join(firstErr, secondErr)
	}
	if err != nil {
		return 0, err
	}
	var decided []*orderRow
	var errs []error
	for i, row := range rows {
		if err := row.decide(decisions[i]); err != nil {
			errs = append(errs, err)
		} else {
			decided = append(decided, row)
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
		return tx.Model(&orderRow{}).Where("state IN ('pending', 'cancelling') AND attempts > 0 AND attempt_at > ?", now()).
			UpdateColumn("attempt_at", now()).Error
	})
}
