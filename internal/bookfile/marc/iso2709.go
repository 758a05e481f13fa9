package marc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// MaxRecord is the longest record that ISO 2709 can have, in bytes: its length
// has five digits.
const MaxRecord = 99_999

// minRecord is a leader and the terminators of an empty directory and record.
const minRecord = leaderSize + 2

// IsISO2709 says whether a file begins with the leader of a MARC 21 record.
func IsISO2709(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), blanks)
	return len(head) >= leaderSize && digits(string(head[:5])) >= minRecord &&
		digits(string(head[12:17])) > leaderSize && string(head[20:24]) == "4500"
}

// blanks may stand between records, though they should not.
const blanks = " \r\n\x00\x1a"

// Reader reads records of ISO 2709.
type Reader struct {
	in     *bufio.Reader
	texts  *Decoder
	number int
	offset int64
}

// NewReader makes a reader of r's records.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 1<<17), texts: NewDecoder()}
}

// Next gives the next record, [io.EOF] after the last. A damaged one is skipped
// by its length, or up to the next record terminator if the length is wrong.
// Other errors are those of the input.
func (r *Reader) Next() (Item, error) {
	if err := r.skipBlanks(); err != nil {
		return Item{}, err
	}
	r.number++
	item, start := Item{Number: r.number}, r.offset
	raw, err := r.whole()
	if err == nil {
		item.Raw = raw
		item.Record, item.Err = parse(raw, r.texts)
	} else if e, bad := errors.AsType[*api.Error](err); bad {
		item.Raw, item.Err = raw, e
		if raw == "" {
			if item.Raw, err = r.rest(&item); err != nil {
				return Item{}, err
			}
		}
	} else {
		return Item{}, err
	}
	if item.Err != nil {
		item.Err = api.Errorf(api.CodeInvalid, "at byte %d: %w", start, item.Err)
	}
	return item, nil
}

// skipBlanks goes to where a record begins.
func (r *Reader) skipBlanks() error {
	if head, _ := r.in.Peek(3); r.offset == 0 && string(head) == "\uFEFF" {
		r.take(len(head))
	}
	for {
		head, err := r.in.Peek(1)
		if err != nil || strings.IndexByte(blanks, head[0]) < 0 {
			return err
		}
		r.take(1)
	}
}

// Terminated gives a record as it stood, with the terminator that the last one
// of a file may have lost.
func Terminated(raw string) string {
	if strings.HasSuffix(raw, string(rune(recordTerminator))) {
		return raw
	}
	return raw + string(rune(recordTerminator))
}

// take goes past n bytes that were looked at.
func (r *Reader) take(n int) {
	n, _ = r.in.Discard(n) // it cannot fail: they are in the buffer
	r.offset += int64(n)
}

// whole gives the next record by its length. An [api.CodeInvalid] without a
// record says that the length is wrong; nothing is taken then.
func (r *Reader) whole() (string, error) {
	head, err := r.in.Peek(5)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	n := digits(string(head))
	if len(head) < 5 || n < minRecord {
		return "", api.Errorf(api.CodeInvalid, "its length, %q, is not that of a record", head)
	}
	data, err := r.in.Peek(n + leaderSize)
	if len(data) < n && err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	data, after := data[:min(n, len(data))], data[min(n, len(data)):]
	end := bytes.IndexByte(data, recordTerminator)
	switch {
	case end < 0 && len(data) < n:
		return "", api.Errorf(api.CodeInvalid, "it is cut short: it has %d of %d bytes", len(data), n)
	case end < 0 && IsISO2709(after):
		raw := string(data)
		r.take(n)
		return raw, api.Errorf(api.CodeInvalid, "it does not end with a record terminator")
	case end != n-1:
		return "", api.Errorf(api.CodeInvalid, "its length is wrong: it says %d bytes, but the record does not end there", n)
	}
	raw := string(data)
	r.take(n)
	return raw, nil
}

// rest gives what there is up to the next record terminator, which it
// includes. Of what is too long for a record only the beginning is given.
func (r *Reader) rest(item *Item) (string, error) {
	data, err := r.in.ReadSlice(recordTerminator)
	raw := string(data[:min(len(data), MaxRecord)])
	r.offset += int64(len(data))
	if len(data) > MaxRecord {
		item.Err = api.Errorf(api.CodeInvalid, "it is longer than %d bytes", MaxRecord)
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		data, err = r.in.ReadSlice(recordTerminator)
		r.offset += int64(len(data))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return raw, err
}
