package catalog_test

import (
	"pgregory.net/rapid"

	"github.com/bazar-store/bazar/pkg/api"
)

func (k *keeper) reserve(r *rapid.T) {
	var batch []api.ReservationRequest
	for range rapid.IntRange(1, 4).Draw(r, "reservations") {
		request := api.ReservationRequest{ID: api.NewID()}
		for _, book := range rapid.SliceOfNDistinct(rapid.Int64Range(1, 8), 1, 3, func(n int64) int64 { return n }).Draw(r, "books") {
			request.Lines = append(request.Lines, api.LineRequest{BookID: book, Quantity: rapid.Int64Range(1, 3).Draw(r, "quantity")})
		}
		batch = append(batch, request)
	}
	results, err := k.s.Reserve(k.t.Context(), batch)
	refuses(r, err)
	k.reserved[toJSON(k.t, batch)] = toJSON(k.t, results)
}

func (k *keeper) reserveAgain(r *rapid.T) {
	for asked, answered := range k.reserved {
		var batch []api.ReservationRequest
		fromJSON(k.t, asked, &batch)
		var first []api.Reservation
		fromJSON(k.t, answered, &first)
		for i := range first {
			if undone, ok := k.released[first[i].ID]; ok {
				fromJSON(k.t, undone, &first[i])
			}
		}
		results, err := k.s.Reserve(k.t.Context(), batch)
		refuses(r, err)
		if again := toJSON(k.t, results); again != toJSON(k.t, first) {
			r.Fatalf("reserved again: %s\nthen %s", toJSON(k.t, first), again)
		}
		return
	}
}

// release undoes one of a batch of reservations, perhaps again.
func (k *keeper) release(r *rapid.T) {
	for _, answered := range k.reserved {
		var first []api.Reservation
		fromJSON(k.t, answered, &first)
		one := rapid.SampledFrom(first).Draw(r, "reservation")
		want := one
		if one.State == api.Taken {
			want.State = api.Released
		}
		k.unreserve(r, one.ID, &want)
		return
	}
}

// entomb releases what was never reserved; later it is refused.
func (k *keeper) entomb(r *rapid.T) {
	id, reason := api.NewID(), api.CodeCancelled
	want := api.Reservation{ID: id, State: api.Refused, Reason: &reason, Lines: []api.ReservedLine{}}
	k.unreserve(r, id, &want)
	batch := []api.ReservationRequest{{ID: id, Lines: []api.LineRequest{{BookID: 1, Quantity: 1}}}}
	k.reserved[toJSON(k.t, batch)] = toJSON(k.t, []api.Reservation{want})
}

func (k *keeper) unreserve(r *rapid.T, id string, want *api.Reservation) {
	got, err := k.s.Release(k.t.Context(), id)
	refuses(r, err)
	if toJSON(k.t, got) != toJSON(k.t, *want) {
		r.Fatalf("released %s\nwant %s", toJSON(k.t, got), toJSON(k.t, *want))
	}
	k.released[id] = toJSON(k.t, got)
}
