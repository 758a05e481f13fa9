package account

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// guessEvery and guessesAtOnce let an address guess at an account five times
	// at once, and then once in so long: never more than ten times a minute.
	guessEvery    = 12 * time.Second
	guessesAtOnce = 5
	// An account that many addresses guess at answers later, the more so the more
	// they are; it always answers. The pressure of one guess lasts for
	// pressureEvery; what is below calm delays nobody, what is above worst counts
	// no more.
	pressureEvery = 6 * time.Second
	calm, worst   = 20, 50
	slowdown      = 100 * time.Millisecond
)

const (
	// everywhere stands for all addresses.
	everywhere = ""
	// registering stands for the name of an account that is to be made; it is no
	// name.
	registering = "+"
)

// throttle bounds how fast passwords are guessed. It is kept in the database, so
// that it outlives the process.
type throttle struct {
	db  *database.DB
	now func() time.Time
}

// pass counts a guess, or refuses it as [api.CodeRateLimited]; or it waits where
// many addresses guess at the account. A name that is nobody's is treated alike.
func (t *throttle) pass(ctx context.Context, name, address string) error {
	// Who guesses too fast should not keep others from writing.
	if _, err := t.judge(t.db.Read(ctx), name, address); err != nil {
		return err
	}
	delay := time.Duration(0)
	// Losing power may forgive some guesses; a restart does not.
	err := t.db.WriteUnsynced(ctx, func(tx *gorm.DB) error {
		until, err := t.judge(tx, name, address)
		if err != nil {
			return err
		}
		delay = t.delay(until[everywhere])
		return t.count(tx, name, until)
	})
	if err != nil {
		return err
	}
	return pause(ctx, delay)
}

// judge reads until when the guesses so far count, and refuses one too many.
func (t *throttle) judge(tx *gorm.DB, name, address string) (map[string]time.Time, error) {
	var rows []guessRow
	if err := tx.Where("name = ? AND address IN ?", name, []string{address, everywhere}).Find(&rows).Error; err != nil {
		return nil, database.Explain(err)
	}
	now := t.now()
	until := map[string]time.Time{address: now, everywhere: now}
	for _, row := range rows {
		most := guessEvery * guessesAtOnce
		if row.Address == everywhere {
			most = pressureEvery * worst
		}
		// What lies further ahead than it can was written before the clock was set
		// back; it would lock people out until then.
		if at := time.UnixMilli(row.Until); at.After(now) && at.Sub(now) <= most {
			until[row.Address] = at
		}
	}
	if wait := until[address].Sub(now) - guessEvery*(guessesAtOnce-1); wait > 0 {
		seconds := int((wait + time.Second - 1) / time.Second)
		what := "wrong passwords"
		if name == registering {
			what = "new accounts"
		}
		return nil, api.Errorf(api.CodeRateLimited, "too many %s from your address; try again in %d s", what, seconds).WithRetryAfter(seconds)
	}
	return until, nil
}

func (t *throttle) delay(pressure time.Time) time.Duration {
	level := int64(pressure.Sub(t.now()) / pressureEvery)
	return max(0, time.Duration(min(level, worst)-calm)) * slowdown
}

// count adds a guess, and forgets those of the past.
func (t *throttle) count(tx *gorm.DB, name string, until map[string]time.Time) error {
	if _, err := database.Exec(tx, "DELETE FROM guesses WHERE until <= ?", t.now().UnixMilli()); err != nil {
		return err
	}
	for address, at := range until {
		each := guessEvery
		if address == everywhere {
			each = pressureEvery
			at = earlier(at, t.now().Add(pressureEvery*(worst-1)))
		}
		_, err := database.Exec(tx, "INSERT INTO guesses (name, address, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET until = excluded.until",
			name, address, at.Add(each).UnixMilli())
		if err != nil {
			return err
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// forgive takes back a guess that was right.
func (t *throttle) forgive(tx *gorm.DB, name, address string) error {
	const statement = "UPDATE guesses SET until = until - ? WHERE name = ? AND address = ?"
	if _, err := database.Exec(tx, statement, guessEvery.Milliseconds(), name, address); err != nil {
		return err
	}
	_, err := database.Exec(tx, statement, pressureEvery.Milliseconds(), name, everywhere)
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting: %w", ctx.Err())
	}
}

// addressOf is what of a peer's address counts: all of IPv4; of IPv6 the first
// half, because everybody has as many of the second as they like.
func addressOf(peer string) string {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		host = peer
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
