package marc

import (
	"bytes"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// maxSection is the longest comment or CDATA section in a record whose text is
// known not to be tags, in bytes.
const maxSection = 64 << 10

// found is what comes of looking for the end of a record.
type found int

const (
	ends     found = iota // with its end tag
	unclosed              // something begins that cannot be in a record
	goesOn                // as far as the data goes
)

// record takes a record, whose start tag the data begins with.
func (r *XMLReader) record(name, tag string) (*Item, error) {
	line, tooLong, raw := r.in.line, false, ""
	at, how := len(tag), ends
	if tag[len(tag)-2] != '/' {
		how = goesOn
	}
	for how == goesOn {
		var err error
		if at, how, err = r.findEnd(name, at); err != nil {
			return nil, err
		}
		if how == goesOn && at >= len(r.in.data()) && r.in.eof {
			break
		}
		if at > MaxXMLRecord || (tooLong && how == goesOn) {
			if !tooLong {
				tooLong, raw = true, string(r.in.data()[:MaxXMLRecord])
			}
			if how == goesOn {
				r.in.step(at)
				at = 0
			}
		}
		if how == goesOn {
			if err := r.in.ask(at + xmlChunk); err != nil {
				return nil, err
			}
		}
	}
	if !tooLong {
		raw = string(r.in.data()[:at])
	}
	r.in.step(at)
	return r.item(line, raw, how, tooLong), nil
}

// item makes an item of a record that was found.
func (r *XMLReader) item(line int, raw string, how found, tooLong bool) *Item {
	switch {
	case tooLong:
		return r.bad(line, raw, api.Errorf(api.CodeInvalid, "the record is longer than %d bytes", MaxXMLRecord).Error())
	case how == unclosed:
		return r.bad(line, raw, "the record is not closed before the next begins")
	case how == goesOn:
		r.depth = 0 // one report is enough
		return r.bad(line, raw, "the file is cut short inside this record")
	case r.changed && strings.ContainsRune(raw, '\uFFFD'):
		return r.bad(line, raw, "the record has bytes that are not of the encoding that the file declares")
	}
	record, err := parseXML(raw, line)
	if err != nil {
		return r.bad(line, raw, err.Error())
	}
	r.number++
	return &Item{Number: r.number, Raw: raw, Record: record}
}

// findEnd looks for the end of a record from a place in the data on, and gives
// where it has come.
func (r *XMLReader) findEnd(name string, at int) (int, found, error) {
	for {
		data := r.in.data()
		next := bytes.IndexByte(data[at:], '<')
		if next < 0 {
			return len(data), goesOn, nil
		}
		at += next
		if err := r.in.ask(at + maxTag); err != nil {
			return 0, 0, err
		}
		rest := r.in.data()[at:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			n, err := r.section(at, "<!--", "-->")
			if err != nil {
				return 0, 0, err
			}
			at += n
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			n, err := r.section(at, "<![CDATA[", "]]>")
			if err != nil {
				return 0, 0, err
			}
			at += n
		case begins(rest, "</", name):
			end := bytes.IndexAny(rest[1:], "<>") + 1
			if end > 0 && rest[end] == '>' {
				end++
			}
			if end > 0 {
				return at + end, ends, nil
			}
			at++
		case begins(rest, "<", name), r.depth > 0 && begins(rest, "</", r.root):
			return at, unclosed, nil
		default:
			at++
		}
		if at > MaxXMLRecord {
			return min(at, len(r.in.data())), goesOn, nil
		}
	}
}

// begins says whether a tag of the name comes.
func begins(data []byte, mark, name string) bool {
	n := len(mark) + len(name)
	return len(data) > n && string(data[:len(mark)]) == mark && string(data[len(mark):n]) == name &&
		bytes.IndexByte([]byte(" \t\r\n/>"), data[n]) >= 0
}

// section gives the length of a comment or the like at a place in the data;
// that of its beginning if it does not end.
func (r *XMLReader) section(at int, begin, end string) (int, error) {
	if err := r.in.ask(at + maxSection); err != nil {
		return 0, err
	}
	from := at + len(begin)
	data := r.in.data()[:min(len(r.in.data()), at+maxSection)]
	if known := int(r.noEnd[end] - r.in.gone); known > from {
		from = min(known, len(data))
	}
	if n := bytes.Index(data[min(from, len(data)):], []byte(end)); n >= 0 {
		return from + n + len(end) - at, nil
	}
	r.noEnd[end] = r.in.gone + int64(max(from, len(data)-len(end)+1))
	return len(begin), nil
}
