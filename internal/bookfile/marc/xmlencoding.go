package marc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/bazar-store/bazar/pkg/api"
)

// declarationSize is how much is looked at for the declaration, in bytes.
const declarationSize = 1024

// toUTF8 gives the text of an XML file in UTF-8, by its byte order mark, else by
// its declaration (XML 1.0, 4.3.3 and appendix F). changed says that it was in
// another encoding: what is not of that becomes U+FFFD.
func toUTF8(r io.Reader) (text io.Reader, changed bool, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(declarationSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	from, err := encodingOf(head)
	if err != nil {
		return nil, false, err
	}
	if bytes.HasPrefix(head, []byte("\uFEFF")) {
		_, err = in.Discard(len("\uFEFF"))
		return in, false, err
	}
	if from == nil {
		return in, false, nil
	}
	return transform.NewReader(in, from.NewDecoder()), true, nil
}

// encodingOf tells the encoding by a file's first bytes; nil for UTF-8.
func encodingOf(head []byte) (encoding.Encoding, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	}
	declared := regexp.MustCompile(`^\s*<\?xml\s[^>]*\bencoding\s*=\s*["']([^"']*)["']`).FindSubmatch(head)
	if declared == nil || bytes.HasPrefix(head, []byte("\uFEFF")) {
		return nil, nil
	}
	name := string(declared[1])
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii", "utf-16": // no longer UTF-16, if it could be read
		return nil, nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "the encoding %q of the XML declaration is not known; save the file as UTF-8", name)
	}
	return e, nil
}
