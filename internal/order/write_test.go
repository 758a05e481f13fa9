package order

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/bazar-store/bazar/pkg/api"
)

// Who repeats a purchase may share the transaction that settles it.
func TestARepeatedOrderLearnsWhatItsOwnBatchSettles(t *testing.T) {
	s, err := Open(t.Context(), Options{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "order.db"), Catalog: nobody{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	request := &api.OrderRequest{Lines: []api.LineRequest{{BookID: 1, Quantity: 1}}}
	first := newRow(api.LocalAccount, api.NewID(), request)
	if _, err := s.writeAll(t.Context(), each(place, []*orderRow{first})); err != nil {
		t.Fatal(err)
	}
	settled, again, reason := *first, newRow(api.LocalAccount, first.ID, request), api.CodeOutOfStock
	settled.State, settled.Reason = api.OrderRejected, &reason
	recorded, err := s.writeAll(t.Context(), []write{{place, again}, {settle, &settled}, {settle, &settled}})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range recorded {
		if row.ID != first.ID || row.State != api.OrderRejected {
			t.Errorf("write %d learns of order %s: %s", i, row.ID, row.State)
		}
	}
	if recorded[0] == again {
		t.Error("the repeated order counts as placed")
	}
}

func TestAStepOfAnOrderThatIsNotThereIsAnError(t *testing.T) {
	s, err := Open(t.Context(), Options{
		Database: "sqlite:" + filepath.Join(t.TempDir(), "order.db"), Catalog: nobody{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	unknown := newRow(api.LocalAccount, api.NewID(), &api.OrderRequest{})
	for _, w := range []write{{settle, unknown}, {endCancel, unknown}, {"dance", unknown}} {
		if recorded, err := s.writeAll(t.Context(), []write{w}); err == nil {
			t.Errorf("%s: %+v", w.step, recorded[0])
		}
	}
}

// nobody is a catalog that is not asked.
type nobody struct{}

func (nobody) Reserve(context.Context, []api.ReservationRequest) ([]api.Reservation, error) {
	return nil, api.Errorf(api.CodeUnavailable, "nobody is here")
}

func (nobody) Release(context.Context, string) (api.Reservation, error) {
	return api.Reservation{}, api.Errorf(api.CodeUnavailable, "nobody is here")
}
