package simulation

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // a control changes a catalog behind its back

	"github.com/bazar-store/bazar/pkg/api"
)

// damage is what breaks the protocol from outside, to see that it is noticed; the
// zero value breaks nothing.
type damage struct {
	noRecovery bool // nobody drives on what was cut off
	zombies    bool // who has crashed goes on answering

	// onFiles changes what a crash leaves, onStart what a service comes back on.
	onFiles func(n *node, left image) image
	onStart func(ctx context.Context, n *node, path string) error
	// onAgain changes a request that is delivered a second time.
	onAgain func(m *message)
	// onLost puts an answer in the place of one that was lost; nil leaves it so.
	onLost func(m *message) any
}

func (d *damage) files(n *node, left image) image {
	if d.onFiles == nil {
		return left
	}
	return d.onFiles(n, left)
}

func (d *damage) start(n *node, path string) error {
	if d.onStart == nil {
		return nil
	}
	return d.onStart(n.world.ctx, n, path)
}

func (d *damage) again(m *message) {
	if d.onAgain != nil {
		d.onAgain(m)
	}
}

// answer says whether there is an answer in the place of a lost one.
func (d *damage) answer(m *message, a *arrival) bool {
	if d.onLost == nil {
		return false
	}
	made := d.onLost(m)
	if made == nil {
		return false
	}
	body, err := json.Marshal(made)
	*a = arrival{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: body, err: err}
	if e, failed := made.(*api.Error); failed {
		a.status, a.header = e.Status, http.Header{"Content-Type": {"application/problem+json"}}
	}
	return true
}

// controls are wrong stores: each breaks one thing that the protocol rests on.
func controls() map[string]damage {
	return map[string]damage{
		"an order that nobody drives on":                     {noRecovery: true},
		"a service that answers after it has crashed":        {zombies: true},
		"a lost answer of the order service taken for a no":  {onLost: refuseOrder},
		"a lost answer of the catalog taken for a no":        {onLost: decide(api.Refused)},
		"a lost answer of the catalog taken for a yes":       {onLost: decide(api.Taken)},
		"a lost answer on a movement taken for done":         {onLost: believeMoved},
		"an order service that comes back on an older copy":  {onFiles: older(orderHost)},
		"a catalog that comes back on an older copy":         {onFiles: older(catalogHost)},
		"an order service whose last commit was not written": {onFiles: forgetful(orderHost)},
		"a catalog whose last commit was not written":        {onFiles: forgetful(catalogHost)},
		"a catalog that forgets its tombstones":              {onStart: forget("reservations", "reason = 'cancelled'")},
		"a catalog that forgets what it released":            {onStart: forget("reservations", "state = 'released'")},
		"a reservation with a new id when it is sent again":  {onAgain: renew(http.MethodPost, "/v1/reservations")},
		"a movement with a new id when it is sent again":     {onAgain: renew(http.MethodPut, "/v1/books/")},
		"an order with a new id when it is sent again":       {onAgain: renew(http.MethodPut, "/v1/orders/")},
	}
}

// within is how many seeds a control may take until it is caught.
const within = 60

func TestEveryWrongStoreIsCaught(t *testing.T) {
	run := room.Begin(t, "simulation-controls")
	run.Shown = "every wrong store is caught"
	made, wrong := makeTemplate(t), controls()
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(within) {
				if o := simulateInBubble(t, seed+1, made, wrong[name]); len(o.violations) > 0 {
					run.Tell(name, "caught by seed %d: %s", o.seed, o.violations[0])
					return
				}
			}
			run.Violation("%s: %d seeds notice nothing", name, within)
		})
	}
}

func refuseOrder(m *message) any {
	if !m.is(http.MethodPut, "/v1/orders/") {
		return nil
	}
	e := api.Errorf(api.CodeOutOfStock, "book 1 is out of stock")
	e.OrderID, e.Errors = m.path[len("/v1/orders/"):], []api.LineError{{BookID: 1, Code: api.CodeOutOfStock}}
	return e
}

// decide decides reservations in the catalog's place.
func decide(s api.ReservationState) func(m *message) any {
	return func(m *message) any {
		var asked api.ReservationBatch
		if !m.is(http.MethodPost, "/v1/reservations") || json.Unmarshal(m.body, &asked) != nil {
			return nil
		}
		var made api.ReservationResults
		for _, r := range asked.Reservations {
			decided := api.Reservation{ID: r.ID, State: s}
			for _, l := range r.Lines {
				line := api.ReservedLine{BookID: l.BookID, Quantity: l.Quantity, Price: &api.Money{Amount: firstPrice, Currency: "USD"}}
				if s == api.Refused {
					code := api.CodeOutOfStock
					line.Code, decided.Reason = &code, &code
				}
				decided.Lines = append(decided.Lines, line)
			}
			made.Results = append(made.Results, decided)
		}
		return made
	}
}

func believeMoved(m *message) any {
	if !m.is(http.MethodPut, "/v1/books/") {
		return nil
	}
	return api.Book{ID: 1}
}

// older has a service come back on the files that it began with.
func older(host string) func(*node, image) image {
	return func(n *node, left image) image {
		if n.host != host {
			return left
		}
		return n.first
	}
}

// forgetful has a crash take some of the log, as of a disk that lies.
func forgetful(host string) func(*node, image) image {
	return func(n *node, left image) image {
		if n.host == host {
			left.log = left.log[:len(left.log)*3/4]
		}
		return left
	}
}

// forget has the catalog come back without some rows.
func forget(table, where string) func(context.Context, *node, string) error {
	return func(ctx context.Context, n *node, path string) error {
		if n.host != catalogHost {
			return nil
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+where)
		return errors.Join(err, db.Close())
	}
}

// renew gives a request that is sent again an id of its own, as who takes a lost
// answer for a failure does.
func renew(method, path string) func(m *message) {
	return func(m *message) {
		if !m.is(method, path) {
			return
		}
		fresh := func(id string) string { return id[:len(id)-12] + "123456789abc" }
		if at := strings.LastIndex(m.path, "/"); len(m.path)-at-1 == 36 {
			m.path = m.path[:at+1] + fresh(m.path[at+1:])
			return
		}
		const before = `"reservations":[{"id":"`
		if at := bytes.Index(m.body, []byte(before)); at >= 0 {
			at += len(before)
			m.body = []byte(string(m.body[:at]) + fresh(string(m.body[at:at+36])) + string(m.body[at+36:]))
		}
	}
}
