package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// maxReservations is how many reservations one request may carry.
const maxReservations = 256

// Reserve takes the lines of each reservation off the shelf, all or none, and
// answers what was decided, in their order. An id is decided once: again, it
// gets the same answer, whatever its lines say.
func (s *Service) Reserve(ctx context.Context, requests []api.ReservationRequest) ([]api.Reservation, error) {
	if err := checkReservations(requests); err != nil {
		return nil, err
	}
	decided, err := s.reservations.Do(ctx, requests)
	if full, ok := errors.AsType[*batch.Full](err); ok {
		return nil, api.Wrap(api.CodeUnavailable, err, full.Error())
	}
	return decided, err
}

func checkReservations(batch []api.ReservationRequest) error {
	if len(batch) == 0 || len(batch) > maxReservations {
		return api.Errorf(api.CodeInvalid, "1 to %d reservations at a time, not %d", maxReservations, len(batch))
	}
	for i := range batch {
		id, err := api.ParseID(batch[i].ID)
		if err != nil {
			return err
		}
		batch[i].ID = id
		if err := (&api.OrderRequest{Lines: batch[i].Lines}).Check(); err != nil {
			return err
		}
	}
	return nil
}

func countLines(batch []api.ReservationRequest) (n int) {
	for i := range batch {
		n += len(batch[i].Lines)
	}
	return n
}

// decide decides a batch of requests in one transaction.
func (s *Service) decide(ctx context.Context, requests [][]api.ReservationRequest) (answers [][]api.Reservation, err error) {
	wanted := distinct(requests)
	decided := make(map[string]api.Reservation, len(wanted))
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		claimed, err := recall(tx, wanted, decided)
		if err != nil {
			return err
		}
		return takeAll(tx, claimed, decided)
	})
	if err != nil {
		return nil, err
	}
	for _, request := range requests {
		answer := make([]api.Reservation, len(request))
		for i := range request {
			answer[i] = decided[request[i].ID]
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// distinct gives each id's first reservation, in the order they came.
func distinct(requests [][]api.ReservationRequest) (wanted []*api.ReservationRequest) {
	seen := map[string]bool{}
	for _, request := range requests {
		for i := range request {
			if !seen[request[i].ID] {
				seen[request[i].ID] = true
				wanted = append(wanted, &request[i])
			}
		}
	}
	return wanted
}

// recall reads what was decided before into decided, and gives the reservations
// that nobody has decided. Those are this transaction's: no other writes until it
// ends, and were an id somebody's after all, its decision could not be inserted.
func recall(tx *gorm.DB, wanted []*api.ReservationRequest, decided map[string]api.Reservation) (claimed []*api.ReservationRequest, err error) {
	ids := make([]string, len(wanted))
	for i, w := range wanted {
		ids[i] = w.ID
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("recall: %w", err)
	}
	err = database.ScanAll(tx, func(rows *sql.Rows) error {
		var row reservationRow
		err := rows.Scan(&row.ID, &row.State, &row.Reason, &row.Lines)
		decided[row.ID] = row.reservation()
		return err
	}, "SELECT id, state, reason, lines FROM reservations WHERE id IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, err
	}
	for _, w := range wanted { // who came first is served first
		if _, known := decided[w.ID]; !known {
			claimed = append(claimed, w)
		}
	}
	return claimed, nil
}

// Reservation gives what was decided for an order.
func (s *Service) Reservation(ctx context.Context, id string) (api.Reservation, error) {
	var row reservationRow
	err := s.db.Read(ctx).Take(&row, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return api.Reservation{}, api.Errorf(api.CodeNotFound, "no reservation %s", id)
	}
	return row.reservation(), database.Explain(err)
}

// Reservations gives the decided reservations in the order of their ids.
func (s *Service) Reservations(ctx context.Context, limit int, after string) (page api.ReservationList, err error) {
	var rows []reservationRow
	if err := s.db.Read(ctx).Where("id > ?", after).Order("id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return page, database.Explain(err)
	}
	page.Reservations = []api.Reservation{}
	for i := range rows[:min(limit, len(rows))] {
		page.Reservations = append(page.Reservations, rows[i].reservation())
	}
	if len(rows) > limit {
		page.NextCursor = &rows[limit-1].ID
	}
	return page, nil
}
