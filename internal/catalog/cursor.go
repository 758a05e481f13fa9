package catalog

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// The phases of a search, in the order in which a result goes through them.
const (
	exactPhase = iota
	blockPhase
	sortPhase
)

// cursor is the place of the last book of a page: the key of the order, never a
// number of books to skip. Which fields are used depends on the order.
type cursor struct {
	Phase int    `json:"p,omitempty"`
	After int64  `json:"a,omitempty"` // where its block begins
	Score int    `json:"s,omitempty"`
	Text  string `json:"t,omitempty"`
	Key   int64  `json:"k,omitempty"`
	ID    int64  `json:"i,omitempty"`
}

// sealed is a cursor with the query that it belongs to.
type sealed struct {
	cursor

	Query uint32 `json:"q"`
}

func (c cursor) encode(q *api.BookQuery) string {
	data, _ := json.Marshal(sealed{c, fingerprintOf(q)}) // numbers and a text always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

// parseCursor reads the query's cursor; without one it is zero.
func parseCursor(q *api.BookQuery) (cursor, error) {
	if q.Cursor == "" {
		return cursor{}, nil
	}
	var c sealed
	data, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if err == nil {
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&c)
	}
	if err != nil || c.ID < 0 || c.ID > api.MaxBookID || c.After < 0 || c.Phase < exactPhase || c.Phase > sortPhase {
		return cursor{}, api.Errorf(api.CodeInvalid, "the cursor is damaged; take next_cursor as it was given")
	}
	if c.Query != fingerprintOf(q) {
		return cursor{}, api.Errorf(api.CodeInvalid, "the cursor belongs to another query")
	}
	return c.cursor, nil
}

// fingerprintOf tells queries apart; how long the page is does not matter.
func fingerprintOf(q *api.BookQuery) uint32 {
	same := *q
	same.Limit, same.Cursor = 0, ""
	h := fnv.New32a()
	_, _ = h.Write([]byte(same.Values().Encode())) // a hash never fails
	return h.Sum32()
}
