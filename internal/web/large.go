package web

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

const (
	// largeReply is how many bytes a reply may have that nobody counts.
	largeReply = maxPooled
	// largeReplies is how many bytes of larger ones may be on their way at a time:
	// a reply is kept until its reader has it, and readers take their time.
	largeReplies = 32 << 20
	// A reader of a large reply takes so much of it at least in so long.
	pieceBytes = 64 << 10
	pieceTime  = 10 * time.Second
)

// largeness counts the bytes of large replies that are on their way.
type largeness struct{ bytes atomic.Int64 }

// begin refuses a read whose reply is one too many. What a write answers has
// happened, and goes out.
func (l *largeness) begin(r *http.Request, reply *encoded) (end func(), err error) {
	if reply.body == nil || reply.body.Len() <= largeReply || r.Method == http.MethodHead {
		return func() {}, nil
	}
	size := int64(reply.body.Cap())
	end = func() { l.bytes.Add(-size) }
	if now := l.bytes.Add(size); r.Method == http.MethodGet && now > largeReplies && now != size {
		end()
		return nil, api.Errorf(api.CodeUnavailable, "too many are reading large answers at the moment; try again, or ask for less with limit")
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
