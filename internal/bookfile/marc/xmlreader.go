package marc

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// XMLReader reads records of MARCXML: the elements "record" of the namespace,
// with any prefix, in a collection, alone, or in what a server has wrapped
// around them. It does not stop where the file is not well-formed, as a parser
// would: a record ends with its end tag, or where the next one begins. Document
// types are passed over: nothing is fetched, and no entity is declared.
type XMLReader struct {
	in      xmlInput
	changed bool // the file was in another encoding
	number  int

	// prefixes stand for the namespace; "" is that of names without one.
	prefixes map[string]bool
	declared *regexp.Regexp

	root   string // the name of the element around the records
	depth  int    // of elements of that name
	seen   bool   // there was an element
	strict bool   // the root is a collection, which has nothing but records

	lost     bytes.Buffer // what was found where only records should be
	lostLine int

	noEnd map[string]int64 // up to where in the file an end was looked for in vain
}

// NewXMLReader makes a reader of r's records. The encoding is what the file
// says, UTF-8 if it says nothing, and always if it was decoded before. One that
// is not known is an [api.CodeInvalid].
func NewXMLReader(r io.Reader, decoded bool) (*XMLReader, error) {
	text, changed, err := r, false, error(nil)
	if !decoded {
		text, changed, err = toUTF8(r)
	}
	if err != nil {
		return nil, err
	}
	return &XMLReader{
		in: xmlInput{r: text, line: 1}, changed: changed,
		prefixes: map[string]bool{"": true}, noEnd: map[string]int64{},
		declared: regexp.MustCompile(`\sxmlns(?::([^\s=]+))?\s*=\s*(?:"([^"]*)"|'([^']*)')`),
	}, nil
}

// Next gives the next record, [io.EOF] after the last. A record that is not
// well-formed, longer than [MaxXMLRecord] or not in the encoding of the file is
// given as damaged, and so is what stands between records but belongs in one.
// Other errors are those of the input.
func (r *XMLReader) Next() (Item, error) {
	for {
		if err := r.in.ask(len("<![CDATA[")); err != nil {
			return Item{}, err
		}
		if len(r.in.data()) == 0 {
			return r.end()
		}
		if item, err := r.step(r.in.data()); err != nil {
			return Item{}, err
		} else if item != nil {
			return *item, nil
		}
	}
}

// end says what the end of the file leaves open.
func (r *XMLReader) end() (Item, error) {
	switch {
	case r.lost.Len() > 0:
		return *r.giveLost(), nil
	case !r.seen:
		r.seen = true
		return *r.bad(r.in.line, "", "the file has no element: it is not MARCXML"), nil
	case r.depth > 0:
		r.depth = 0
		return *r.bad(r.in.line, "", "the file is cut short: the element "+r.root+" is not closed"), nil
	}
	return Item{}, io.EOF
}

// bad makes an item of what is damaged.
func (r *XMLReader) bad(line int, raw, reason string) *Item {
	r.number++
	return &Item{Number: r.number, Raw: raw, Err: api.Errorf(api.CodeInvalid, "line %d: %s", line, reason)}
}

// step takes what the data begins with, outside of records.
func (r *XMLReader) step(data []byte) (*Item, error) {
	switch {
	case data[0] != '<':
		end := bytes.IndexByte(data, '<')
		if end < 0 {
			end = len(data)
		}
		r.pass(end, r.strict && len(bytes.TrimSpace(data[:end])) > 0)
		return nil, nil
	case bytes.HasPrefix(data, []byte("<!--")):
		return r.skip("<!--", "-->")
	case bytes.HasPrefix(data, []byte("<?")):
		return r.skip("<?", "?>")
	case bytes.HasPrefix(data, []byte("<![CDATA[")):
		return r.skip("<![CDATA[", "]]>")
	case bytes.HasPrefix(data, []byte("<!")):
		return r.skip("", "")
	}
	n, err := r.in.tag()
	if err != nil {
		return nil, err
	}
	if n == 0 {
		r.pass(1, r.seen)
		return nil, nil
	}
	return r.tag(string(r.in.data()[:n]))
}

// skip goes past a comment or the like; without a begin, past a declaration.
func (r *XMLReader) skip(begin, end string) (*Item, error) {
	line := r.in.line
	r.in.step(len(begin))
	found, err := false, error(nil)
	if begin == "" {
		found, err = r.in.skipDeclaration()
	} else {
		found, err = r.in.skipPast(end)
	}
	if found || err != nil {
		return nil, err
	}
	r.seen, r.depth = true, 0 // nothing more to say at the end
	return r.bad(line, "", "a comment or declaration that begins here is not closed; what follows can't be read"), nil
}

// pass goes past n bytes, and keeps them if they should not be there.
func (r *XMLReader) pass(n int, lost bool) {
	if lost {
		if r.lost.Len() == 0 {
			r.lostLine = r.in.line
		}
		r.lost.Write(r.in.data()[:min(n, max(0, MaxXMLRecord-r.lost.Len()))])
	}
	r.in.step(n)
}

func (r *XMLReader) giveLost() *Item {
	raw := r.lost.String()
	r.lost.Reset()
	return r.bad(r.lostLine, raw, "parts of a record stand outside of one: its beginning is damaged")
}

// tag takes a tag outside of records.
func (r *XMLReader) tag(tag string) (*Item, error) {
	name := tagName(tag)
	isEnd, isEmpty := tag[1] == '/', tag[len(tag)-2] == '/'
	prefix, local := splitName(name)
	ours := r.isOurs(tag, prefix)
	isRecord := ours && local == "record"
	if r.lost.Len() > 0 && (isRecord != isEnd) && (isRecord || name == r.root) {
		return r.giveLost(), nil // the tag is for the next time
	}
	if isRecord && !isEnd {
		if !r.seen {
			r.seen, r.strict = true, true
		}
		return r.record(name, tag)
	}
	switch {
	case isEnd && name == r.root && r.depth > 0:
		r.depth--
	case isEnd && isRecord, r.depth > 0 && r.strict, isPart(local):
		r.pass(len(tag), true)
		return nil, nil
	case !isEnd && r.depth == 0:
		r.root, r.seen, r.strict = name, true, ours && local == "collection"
		fallthrough
	case !isEnd && name == r.root && !isEmpty:
		if r.declare(tag); !isEmpty {
			r.depth++
		}
	case !isEnd:
		r.declare(tag)
	}
	r.in.step(len(tag))
	return nil, nil
}

// isPart says whether elements of the name are only in records.
func isPart(local string) bool {
	return local == "leader" || local == "controlfield" || local == "datafield" || local == "subfield"
}

// isOurs says whether a tag's name is of the namespace.
func (r *XMLReader) isOurs(tag, prefix string) bool {
	for _, d := range r.declarations(tag) {
		if d[1] == prefix {
			return d[2]+d[3] == Namespace
		}
	}
	return r.prefixes[prefix]
}

// declare remembers which prefixes a tag gives a meaning. It holds to the end of
// the file: no file gives one two meanings around its records.
func (r *XMLReader) declare(tag string) {
	for _, d := range r.declarations(tag) {
		r.prefixes[d[1]] = d[2]+d[3] == Namespace
	}
}

func (r *XMLReader) declarations(tag string) [][]string {
	if !strings.Contains(tag, "xmlns") {
		return nil
	}
	return r.declared.FindAllStringSubmatch(tag, -1)
}
