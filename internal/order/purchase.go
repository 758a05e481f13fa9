package order

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bazar-store/bazar/internal/batch"
	"github.com/bazar-store/bazar/pkg/api"
)

// Place records the order, has the catalog decide it and settles it. The same
// id again goes on with the same order. The order it gives may still be
// pending: it is recorded then, and recovery goes on with it. created says
// whether this call recorded it. A refused order is an [api.Error] with the
// order's id and what was wrong with each line; a cancelled one is
// [api.CodeCancelled] with the order's id.
func (s *Service) Place(ctx context.Context, account, id string, r api.OrderRequest) (order api.Order, created bool, err error) {
	if err := r.Check(); err != nil {
		return order, false, err
	}
	s.present.Add(1)
	defer s.present.Add(-1)
	row, created, err := s.pass(ctx, newRow(account, id, &r))
	if err != nil {
		return order, false, err
	}
	switch row.State {
	case api.OrderRejected:
		return order, created, refusal(row)
	case api.OrderCancelling, api.OrderCancelled:
		return order, created, cancelled(row.ID)
	default:
		return row.order(), created, nil
	}
}

// tooMany answers those whom a batch could not take.
func tooMany(err error) error {
	if full, ok := errors.AsType[*batch.Full](err); ok {
		return api.Wrap(api.CodeUnavailable, err, full.Error())
	}
	return err
}

// owns says whether the recorded order is the one that was asked for.
func owns(row, asked *orderRow) error {
	if row.AccountID != asked.AccountID {
		return taken(asked.ID)
	}
	if len(row.Lines.of) > 0 && !row.asks(asked) {
		return api.Errorf(api.CodeIDReused, "order %s has been placed already, and asked for something else; take a new id", asked.ID)
	}
	return nil
}

// reserveAll has the catalog reserve orders, and gives its answers in their order.
func (s *Service) reserveAll(ctx context.Context, rows []*orderRow) ([]*api.Reservation, error) {
	wanted := make([]api.ReservationRequest, len(rows))
	for i, row := range rows {
		wanted[i] = row.reservation()
	}
	got, err := s.catalog.Reserve(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if len(got) != len(rows) {
		return nil, fmt.Errorf("the catalog answered %d of %d reservations", len(got), len(rows))
	}
	reserved := make([]*api.Reservation, len(rows))
	for i := range got {
		if got[i].ID != rows[i].ID {
			return nil, fmt.Errorf("the catalog answered for order %s, not %s", got[i].ID, rows[i].ID)
		}
		reserved[i] = &got[i]
	}
	return reserved, nil
}

// decide turns a pending order into what the catalog decided. Anything but an
// explicit decision is an error.
func (o *orderRow) decide(d *api.Reservation) error {
	o.UpdatedAt = max(now(), o.CreatedAt)
	switch {
	case isUndone(d):
		o.State = api.OrderCancelled
		return nil
	case d.State == api.Taken && len(d.Lines) == len(o.Lines.of):
		return o.confirm(d.Lines)
	case d.State == api.Refused && d.Reason != nil:
		o.State, o.Reason = api.OrderRejected, d.Reason
		refusal := []api.LineError{}
		for _, l := range d.Lines {
			if l.Code != nil {
				refusal = append(refusal, api.LineError{BookID: l.BookID, Code: *l.Code, Available: l.Available, Price: l.Price})
			}
		}
		o.Refusal.set(refusal)
		return nil
	default:
		return fmt.Errorf("the catalog's answer on order %s is no decision: %q", o.ID, d.State)
	}
}

func (o *orderRow) confirm(taken []api.ReservedLine) error {
	lines := make([]api.OrderLine, len(taken))
	total := int64(0)
	for i, t := range taken {
		lines[i] = o.Lines.of[i]
		if t.BookID != lines[i].BookID || t.Quantity != lines[i].Quantity || t.Price == nil {
			return fmt.Errorf("the catalog took other lines for order %s", o.ID)
		}
		lines[i].Title, lines[i].Price = t.Title, t.Price
		total += t.Price.Amount * t.Quantity
	}
	o.State = api.OrderConfirmed
	o.Lines.set(lines)
	o.TotalAmount, o.TotalCurrency = &total, &taken[0].Price.Currency
	return nil
}

// refusal is the error of a rejected order, the same each time.
func refusal(row *orderRow) error {
	code := api.CodeInternal
	if row.Reason != nil {
		code = *row.Reason
	}
	e := api.Errorf(code, "%s", refusalText(row))
	e.OrderID, e.Errors = row.ID, row.Refusal.of
	return e
}

func refusalText(row *orderRow) string {
	wanted := map[int64]api.OrderLine{}
	for _, l := range row.Lines.of {
		wanted[l.BookID] = l
	}
	var parts []string
	for _, l := range row.Refusal.of {
		parts = append(parts, lineText(wanted[l.BookID], l))
	}
	return cmp.Or(strings.Join(parts, "; "), "the order was refused")
}

func lineText(wanted api.OrderLine, l api.LineError) string {
	switch {
	case l.Code == api.CodeNotFound:
		return fmt.Sprintf("no book %d", l.BookID)
	case l.Code == api.CodeRetired:
		return fmt.Sprintf("book %d is not on sale any more", l.BookID)
	case l.Code == api.CodeOutOfStock && l.Available != nil && *l.Available == 0:
		return fmt.Sprintf("book %d is out of stock", l.BookID)
	case l.Code == api.CodeOutOfStock && l.Available != nil:
		return fmt.Sprintf("book %d has only %d in stock, not %d", l.BookID, *l.Available, wanted.Quantity)
	case l.Code == api.CodePriceChanged && l.Price != nil && wanted.MaxPrice != nil:
		return fmt.Sprintf("book %d costs %s, more than %s", l.BookID, l.Price, wanted.MaxPrice)
	case l.Code == api.CodeMixedCurrency && l.Price != nil:
		return fmt.Sprintf("book %d is sold in %s; one order has one currency", l.BookID, l.Price.Currency)
	default:
		return fmt.Sprintf("book %d: %s", l.BookID, l.Code)
	}
}
