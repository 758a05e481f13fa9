package bookfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// sniff steps past a byte order mark and tells the format, unless it is given.
func sniff(in *window, given Format) (Format, error) {
	for !in.eof && len(in.data()) < chunk && (!bytes.ContainsAny(bytes.TrimSpace(in.data()), "\r\n") || bytes.HasPrefix(in.data(), []byte("<"))) {
		if err := in.fill(); err != nil {
			return "", err
		}
	}
	data := in.data()
	if format, ok := sniffMARC(data, given); ok {
		return format, nil
	}
	if strings.EqualFold(string(given), string(ONIX)) || (given == "" && onix.Sniff(data)) {
		return ONIX, nil
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", api.Errorf(api.CodeInvalid, "the file is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
	}
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		in.step(len("\uFEFF"), 0)
	}
	text := bytes.TrimSpace(in.data())
	switch {
	case len(text) == 0:
		return "", emptyFile()
	case text[0] == '[' && (given == NDJSON || bytes.HasPrefix(bytes.TrimSpace(text[1:]), []byte("{"))):
		return "", api.Errorf(api.CodeInvalid, "the file is a JSON array; make it an object a line, as with jq -c '.[]'")
	case given != "":
		return Format(strings.ToLower(string(given))), nil
	case text[0] == '{':
		return NDJSON, nil
	}
	return CSV, nil
}

// sniffDelimiter takes the delimiter that the header has most of, outside
// quotes; the earlier one in the list if there are as many of another.
func sniffDelimiter(data []byte) byte {
	var counts [256]int
	quoted := false
	for _, c := range bytes.TrimLeft(data, "\r\n") {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			if c == '\n' || c == '\r' {
				break
			}
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

func checkBytes(raw string) error {
	switch {
	case strings.IndexByte(raw, 0) >= 0:
		return api.Errorf(api.CodeInvalid, "it contains a NUL character: this is not text (save the file as CSV UTF-8)")
	case !utf8.ValidString(raw):
		return api.Errorf(api.CodeInvalid, "it is not valid UTF-8 (save the file as UTF-8)")
	}
	return nil
}

func tooLong() error {
	return api.Errorf(api.CodeInvalid, "it is longer than %d bytes", maxRow)
}

func emptyFile() error {
	return api.Errorf(api.CodeInvalid, "the file is empty; it takes a header with a title column, or a JSON object a line")
}
