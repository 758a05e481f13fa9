package marc

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bazar-store/bazar/pkg/api"
)

// entrySize is the length of an entry of the directory: a tag of 3 bytes, a
// length of 4 and a start of 5.
const entrySize = 12

// parse takes a record of ISO 2709 apart that has the length it says.
func parse(raw string, decoder *Decoder) (*Record, error) {
	leader := raw[:leaderSize]
	if leader[20:22] != "45" {
		return nil, api.Errorf(api.CodeInvalid, "its leader ends with %q where MARC 21 has \"4500\"", leader[20:])
	}
	texts, err := textsOf(raw, decoder)
	if err != nil {
		return nil, err
	}
	fields, err := directory(raw)
	if err != nil {
		return nil, err
	}
	return newRecord(leader, fields, texts)
}

// textsOf gives the decoder of the record's texts, nil for UTF-8. Some
// systems write UTF-8 and say MARC-8: what is valid UTF-8 beyond ASCII and has
// no escape sequence is taken for it, because in MARC-8 that would be a row of
// marks and symbols without letters.
func textsOf(raw string, decoder *Decoder) (*Decoder, error) {
	switch scheme := raw[9]; {
	case scheme == 'a' && !utf8.ValidString(raw):
		return nil, api.Errorf(api.CodeInvalid, "its leader says UTF-8 (leader/09 is a), but it is not valid UTF-8")
	case scheme == 'a':
		return nil, nil
	case isASCII(raw):
		return decoder, nil
	case scheme != ' ':
		return nil, api.Errorf(api.CodeInvalid, "its encoding is not known: leader/09 is %q, neither a blank (MARC-8) nor a (UTF-8)", raw[9:10])
	case utf8.ValidString(raw) && strings.IndexByte(raw, escape) < 0:
		return nil, nil
	}
	return decoder, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// directory finds the fields.
func directory(raw string) ([]field, error) {
	base := digits(raw[12:17])
	if base <= leaderSize || base >= len(raw) || raw[base-1] != fieldTerminator || (base-1-leaderSize)%entrySize != 0 {
		return nil, api.Errorf(api.CodeInvalid, "its base address, %q, is not where a directory ends", raw[12:17])
	}
	entries, data := raw[leaderSize:base-1], raw[base:len(raw)-1]
	fields := make([]field, 0, len(entries)/entrySize)
	starts := make([]int, 0, len(entries)/entrySize)
	room := len(data)
	for ; entries != ""; entries = entries[entrySize:] {
		tag, length, start := entries[:3], digits(entries[3:7]), digits(entries[7:entrySize])
		switch {
		case length < 1 || start < 0 || start+length > len(data):
			return nil, api.Errorf(api.CodeInvalid, "its directory is wrong: field %q (length %q, start %q) is not inside the record", tag, entries[3:7], entries[7:entrySize])
		case data[start+length-1] != fieldTerminator:
			return nil, api.Errorf(api.CodeInvalid, "its directory is wrong: field %q does not end with a field terminator", tag)
		}
		text := data[start : start+length-1]
		if strings.IndexByte(text, fieldTerminator) >= 0 || (start > 0 && data[start-1] != fieldTerminator) {
			return nil, api.Errorf(api.CodeInvalid, "its directory is wrong: field %q runs into another", tag)
		}
		room -= length
		starts = append(starts, start)
		fields = append(fields, field{tag: tag, data: text})
	}
	if slices.Sort(starts); room != 0 || len(slices.Compact(starts)) != len(fields) {
		return nil, api.Errorf(api.CodeInvalid, "its directory is wrong: it names some of the record's fields twice, or leaves some out")
	}
	return fields, nil
}

// digits reads a number of digits alone; -1 if there are others.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
