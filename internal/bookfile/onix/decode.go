package onix

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/bazar-store/bazar/pkg/api"
)

// declared is how many bytes are looked at for an XML declaration, which is the
// first thing in a file.
const declared = 512

// text is a message in UTF-8, unless from is empty: then it is hoped to be, and
// each product is checked.
type text struct {
	io.Reader
	from string // the encoding that it was decoded from
}

// decode makes UTF-8 of a message, by its byte order mark, else by its XML
// declaration (XML 1.0, appendix F).
func decode(r io.Reader, done bool) (text, error) {
	in := bufio.NewReaderSize(r, declared)
	head, err := in.Peek(declared)
	if err != nil && !errors.Is(err, io.EOF) {
		return text{}, err
	}
	name, mark := encodingOf(head, done)
	if _, err := in.Discard(mark); err != nil {
		return text{}, err
	}
	e, err := encodingNamed(name)
	if e == nil || err != nil {
		return text{Reader: in}, err
	}
	return text{Reader: e.NewDecoder().Reader(in), from: name}, nil
}

// encodingOf gives the encoding of what begins with head, "" for UTF-8, and the
// length of a byte order mark.
func encodingOf(head []byte, done bool) (name string, mark int) {
	for _, m := range [...]struct{ mark, name string }{{"\xef\xbb\xbf", ""}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"}} {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			return m.name, len(m.mark)
		}
	}
	switch {
	case done:
		return "", 0
	case bytes.HasPrefix(head, []byte("<\x00")):
		return "utf-16le", 0
	case bytes.HasPrefix(head, []byte("\x00<")):
		return "utf-16be", 0
	}
	declaration := regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)["']`)
	found := declaration.FindSubmatch(head)
	if found == nil {
		return "", 0
	}
	name = strings.ToLower(string(found[1]))
	if strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "iso-10646-ucs") {
		return "", 0 // it was readable: somebody has converted it since
	}
	return name, 0
}

// encodingNamed finds an encoding as browsers name it (WHATWG Encoding, where
// iso-8859-1 is windows-1252, as most files that say so are), else as IANA does;
// nil for UTF-8.
func encodingNamed(name string) (encoding.Encoding, error) {
	switch name {
	case "":
		return nil, nil
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		e, err = ianaindex.IANA.Encoding(name)
	}
	switch {
	case err != nil || e == nil || e == encoding.Replacement:
		return nil, api.Errorf(api.CodeInvalid, "its XML declaration names the encoding %q, which is not known; save it as UTF-8", name)
	case e == unicode.UTF8:
		return nil, nil
	}
	return e, nil
}

// Sniff says whether a file that begins with head is an ONIX message, by the
// name of its root.
func Sniff(head []byte) bool {
	// Without its zeros UTF-16 shows its ASCII, which is all that matters here.
	head = bytes.ReplaceAll(head, []byte{0}, nil)
	for _, mark := range [...]string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		head = bytes.TrimPrefix(head, []byte(mark))
	}
	s := newSplitter(text{Reader: bytes.NewReader(head)})
	return s.begin() == nil
}
