package bookfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/bazar-store/bazar/pkg/api"
)

// lost is the byte that stands in decoded text for bytes that could not be
// decoded. UTF-8 never has it, so that it marks its row as bad.
const lost = 0xFF

// utf8Name is what a byte order mark of UTF-8 says.
const utf8Name = "UTF-8"

// decoded is a file's bytes on their way to a format.
type decoded struct {
	io.Reader
	// encoding is what they were decoded from, to UTF-8; "" if nothing said
	// so: then they stand as in the file, for formats that tell by themselves.
	encoding string
	notes    []string
}

// decode makes UTF-8 of bytes that have a byte order mark or, without one, that
// are said to be in the named encoding.
func decode(r io.Reader, name string) (decoded, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(3)
	if len(head) == 0 && !errors.Is(err, io.EOF) {
		return decoded{}, err
	}
	from, err := encodingNamed(name)
	if err != nil {
		return decoded{}, err
	}
	d := decoded{Reader: in, encoding: name}
	if mark, own, ownName := byteOrderMark(head); mark > 0 {
		if _, err := in.Discard(mark); err != nil {
			return decoded{}, err
		}
		if name != "" && !strings.EqualFold(name, ownName) {
			d.notes = append(d.notes, "the file says by its byte order mark that it is "+ownName+", so --encoding "+name+" is not used")
		}
		from, d.encoding = own, ownName
	}
	if from != nil {
		d.Reader = transform.NewReader(in, transform.Chain(from.NewDecoder(), marking{}))
	}
	return d, nil
}

// byteOrderMark gives the length of the mark that head begins with, 0 for none,
// and what it stands for (Unicode 17, 2.6).
func byteOrderMark(head []byte) (int, encoding.Encoding, string) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return 3, nil, utf8Name
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return 2, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16LE"
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 2, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "UTF-16BE"
	}
	return 0, nil, ""
}

// encodingNamed finds an encoding as browsers name it (WHATWG Encoding, where
// iso-8859-1 is windows-1252), else as IANA does; nil for UTF-8 and "".
func encodingNamed(name string) (encoding.Encoding, error) {
	if name == "" {
		return nil, nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		e, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil || e == nil || e == encoding.Replacement {
		return nil, api.Errorf(api.CodeInvalid, "%q is not an encoding that is read; name one such as windows-1252, utf-16, gb18030 or shift_jis", name)
	}
	if e == unicode.UTF8 {
		return nil, nil
	}
	return e, nil
}

// marking puts [lost] where a decoder has put U+FFFD.
type marking struct{ transform.NopResetter }

// Transform implements [transform.Transformer].
func (marking) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	const replacement = "\uFFFD"
	for nSrc < len(src) {
		rest := src[nSrc:]
		n := bytes.IndexByte(rest, replacement[0])
		if n < 0 {
			n = len(rest)
		}
		copied := copy(dst[nDst:], rest[:n])
		nDst, nSrc = nDst+copied, nSrc+copied
		if rest = src[nSrc:]; len(rest) == 0 {
			break
		}
		switch {
		case nDst == len(dst):
			return nDst, nSrc, transform.ErrShortDst
		case bytes.HasPrefix(rest, []byte(replacement)):
			dst[nDst] = lost
			nSrc += len(replacement)
		case !atEOF && !utf8.FullRune(rest):
			return nDst, nSrc, transform.ErrShortSrc
		default:
			dst[nDst] = rest[0]
			nSrc++
		}
		nDst++
	}
	return nDst, nSrc, nil
}

// checkText says what is wrong with the bytes of a row.
func (d *decoded) checkText(raw string) error {
	switch {
	case strings.IndexByte(raw, 0) >= 0:
		return api.Errorf(api.CodeInvalid, "it contains a NUL character: this is not text%s", hint(guess(raw)))
	case utf8.ValidString(raw):
		return nil
	case d.encoding != "":
		return api.Errorf(api.CodeInvalid, "it has bytes that are not %s", d.encoding)
	}
	return api.Errorf(api.CodeInvalid, "it is not valid UTF-8%s", hint(guess(raw)))
}

func hint(likely string) string {
	if likely == "" {
		return "; say what it is, as with --encoding windows-1252"
	}
	return "; if it is " + likely + ", say so with --encoding " + likely
}
