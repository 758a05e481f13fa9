package bookfile

import (
	"bytes"
	"strings"

	"github.com/bazar-store/bazar/internal/bookfile/onix"
	"github.com/bazar-store/bazar/pkg/api"
)

// sniff tells the format, unless it is given.
func sniff(in *window, given Format) (Format, error) {
	if err := in.sample(); err != nil {
		return "", err
	}
	if kind := foreign(in.data()); kind != "" {
		return "", api.Errorf(api.CodeInvalid, "%s", kind)
	}
	if format, ok := sniffMARC(in.data(), given); ok {
		return format, nil
	}
	if strings.EqualFold(string(given), string(ONIX)) || (given == "" && onix.Sniff(in.data())) {
		return ONIX, nil
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

// foreign says of files that are often taken for catalogues what to do instead;
// "" if data begins like none of them.
func foreign(data []byte) string {
	for _, kind := range []struct{ magic, what string }{
		{"\xd0\xcf\x11\xe0", "the file is an old office document; save the sheet as CSV UTF-8"},
		{"%PDF-", "the file is a PDF; import takes CSV, NDJSON, ONIX or MARC 21"},
		{"SQLite format 3\x00", "the file is an SQLite database; import takes CSV, NDJSON, ONIX or MARC 21"},
		{"BZh", "the file is packed by bzip2; unpack it first, as with bzcat FILE | bazar import -"},
		{"\xfd7zXZ\x00", "the file is packed by xz; unpack it first, as with xzcat FILE | bazar import -"},
		{"\x28\xb5\x2f\xfd", "the file is packed by zstd; unpack it first, as with zstdcat FILE | bazar import -"},
		{"7z\xbc\xaf\x27\x1c", "the file is a 7z archive; unpack it first"},
		{"Rar!\x1a\x07", "the file is a RAR archive; unpack it first"},
	} {
		if bytes.HasPrefix(data, []byte(kind.magic)) {
			return kind.what
		}
	}
	return ""
}

func tooLong() error {
	return api.Errorf(api.CodeInvalid, "it is longer than %d bytes", maxRow)
}

func emptyFile() error {
	return api.Errorf(api.CodeInvalid, "the file is empty; it takes a header with a title column, or a JSON object a line")
}
