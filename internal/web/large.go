package web

import (
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// largeReply is how many bytes a reply may have that nobody counts.
	largeReply = maxPooled
	// largeReplies is how many bytes of larger ones may be on their way at a time:
	// a reply is kept until its reader has it, and readers take their time.
	largeReplies = 32 << 20
	// manyItems is how many a request may ask for before what it asks for is taken
	// to be large: a page of a thousand takes milliseconds of a core.
	manyItems = 100
	// largeWaiting is how many may wait until one that asks for much is made ready:
	// the last of them waits half a second.
	largeWaiting = 64
	// A reader of a large reply takes so much of it at least in so long.
	pieceBytes = 64 << 10
	pieceTime  = 10 * time.Second
)

// largeness bounds the large replies: how many are made ready at a time, and how
// many bytes of them are on their way.
type largeness struct {
	// making has an entry for each that is being made ready. Others wait in the
	// order in which they came, as Go's channels do.
	making  chan struct{}
	waiting atomic.Int64
	bytes   atomic.Int64
	last    atomic.Int64 // the bytes of the last, which the next may well have
}

// newLargeness leaves half of the cores to those who ask for little, unless n
// says how many large replies are made ready at a time.
func newLargeness(n int) *largeness {
	if n == 0 {
		n = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &largeness{making: make(chan struct{}, n)}
}

// enter waits until a request that asks for much may be worked on; leave lets the
// next one in, before the reply is sent: who reads slowly holds up none.
func (l *largeness) enter(c *gin.Context) (leave func(), err error) {
	if !asksForMuch(c) {
		return func() {}, nil
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > largeWaiting {
		return nil, tooMany("waiting for")
	}
	select {
	case l.making <- struct{}{}:
	case <-c.Request.Context().Done():
		return nil, c.Request.Context().Err()
	}
	leave = func() { <-l.making }
	// It would be made only to be refused.
	if now := l.bytes.Load(); now > 0 && now+l.last.Load() > largeReplies {
		leave()
		return nil, tooMany("reading")
	}
	return leave, nil
}

// asksForMuch judges a read by its limit, which all lists have.
func asksForMuch(c *gin.Context) bool {
	if c.Request.URL.RawQuery == "" || c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return false
	}
	limit, err := strconv.Atoi(c.Query("limit"))
	return err == nil && limit > manyItems
}

func tooMany(doing string) error {
	return api.Errorf(api.CodeUnavailable, "too many are %s large answers at the moment; try again, or ask for less with limit", doing)
}

// begin refuses a read whose reply is one too many. What a write answers has
// happened, and goes out.
func (l *largeness) begin(r *http.Request, reply *encoded) (end func(), err error) {
	if reply.body == nil || reply.body.Len() <= largeReply || r.Method == http.MethodHead {
		return func() {}, nil
	}
	size := int64(reply.body.Cap())
	l.last.Store(size)
	end = func() { l.bytes.Add(-size) }
	if now := l.bytes.Add(size); r.Method == http.MethodGet && now > largeReplies && now != size {
		end()
		return nil, tooMany("reading")
	}
	return end, nil
}

// send writes a body, a large one piece by piece: whoever does not take a piece
// in its time is hung up on.
func send(w http.ResponseWriter, body []byte) error {
	if len(body) > largeReply {
		control := http.NewResponseController(w)
		end := time.Now().Add(writeTime)
		for ; len(body) > pieceBytes; body = body[pieceBytes:] {
			by := time.Now().Add(pieceTime)
			if by.After(end) {
				by = end
			}
			_ = control.SetWriteDeadline(by) // in a process of one's own there is nobody to be slow
			if _, err := w.Write(body[:pieceBytes]); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(body)
	return err
}
