package bookfile

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"

	"github.com/bazar-store/bazar/pkg/api"
)

// Limits of what a packed file unpacks to. They are for files that are made to
// keep a machine busy: text packs to a tenth, not to a thousandth.
const (
	// maxUnpacked is the most that is unpacked, in bytes.
	maxUnpacked = 16 << 30
	// maxRatio is how many bytes one packed byte may become, on average, ...
	maxRatio = 200
	// ... counted once so many bytes are unpacked.
	ratioFrom = 16 << 20
)

// unpack gives the bytes of the one file in a gzip (RFC 1952) or a ZIP archive
// (APPNOTE 6.3), which it tells by their first bytes, and the bytes of r if it
// is neither. It streams; what is wrong further on comes with the reading. Its
// errors are [api.CodeInvalid] but for those of r.
func unpack(r io.Reader) (io.Reader, error) {
	counted := &counter{r: r}
	packed := bufio.NewReader(counted)
	head, err := packed.Peek(4)
	if len(head) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var body io.Reader
	switch {
	case isGzip(head):
		body, err = gzip.NewReader(packed)
	case isZip(head):
		if err = severalMembers(r); err == nil {
			body, err = newZipMember(packed, counted)
		}
	default:
		return packed, nil
	}
	if err != nil {
		return nil, damaged(err)
	}
	limited := &limiter{r: body, packed: counted, most: maxUnpacked, ratio: maxRatio, from: ratioFrom}
	return refuseNested(limited)
}

// IsPacked says whether a file that begins so, four bytes at least, is a gzip
// or a ZIP archive.
func IsPacked(head []byte) bool { return isGzip(head) || isZip(head) }

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1f\x8b")) }

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte(localHeader)) || bytes.HasPrefix(head, []byte(zipEnd))
}

func refuseNested(r io.Reader) (io.Reader, error) {
	unpacked := bufio.NewReader(r)
	head, err := unpacked.Peek(4)
	if len(head) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if IsPacked(head) {
		return nil, api.Errorf(api.CodeInvalid, "it is an archive in an archive; unpack it once, and import what comes out")
	}
	return unpacked, nil
}

// counter counts the bytes that were read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// limiter ends the reading of what unpacks to too much.
type limiter struct {
	r                 io.Reader
	packed            *counter
	n                 int64
	most, ratio, from int64
}

func (l *limiter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.n += int64(n)
	switch {
	case l.n > l.most:
		return 0, api.Errorf(api.CodeInvalid, "it unpacks to more than %d bytes; split it, or unpack it yourself", l.most)
	case l.n > l.from && l.n/l.ratio > l.packed.n:
		return 0, api.Errorf(api.CodeInvalid, "it unpacks to more than %d times its size, as files do that are made to harm; unpack it yourself if you trust it", l.ratio)
	case err != nil && !errors.Is(err, io.EOF):
		return n, damaged(err)
	}
	return n, err
}

// damaged makes an error of the caller's file of what unpacking finds; errors
// of reading stay as they are.
func damaged(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return api.Errorf(api.CodeInvalid, "the archive is cut short; fetch it again")
	case corrupt, errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return api.Errorf(api.CodeInvalid, "the archive is damaged (%w); fetch it again", err)
	}
	return err
}
