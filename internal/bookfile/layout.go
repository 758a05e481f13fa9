package bookfile

import (
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// errorColumn is what rejected rows have more than the input.
const errorColumn = "error"

// layout says where in a record each field stands.
type layout struct {
	column [numFields]int // -1: nowhere
	spares []spare
	unused []string // names that nothing is read from
	lostID bool     // there is an id, but not one of Bazar's
}

// spare is a column for a field whose own says nothing; of authors, for more.
type spare struct {
	field field
	at    int
}

// identity is how many cells a row needs at least, to say which book it is about.
func (l *layout) identity() int {
	return 1 + max(l.column[titleField], l.column[isbnField], l.column[keyField])
}

// plan says which names each field may be read from, best first.
type plan struct {
	names  [numFields][]string
	spares [numFields]string
	needed [numFields]bool // a header without them is an error
	key    string
}

func newPlan(o *Options) *plan {
	p := &plan{key: o.Key}
	for i, own := range fieldNames() {
		if len(o.Map) == 0 {
			p.names[i] = append([]string{own}, field(i).synonyms()...)
		}
	}
	for name, column := range o.Map {
		f, _ := fieldNamed(name)
		p.names[f], p.needed[f] = []string{column}, true
	}
	if o.Key != "" {
		p.names[keyField], p.needed[keyField] = []string{o.Key}, true
	}
	if o.CurrencyFrom != "" {
		p.names[currencyField], p.needed[currencyField] = []string{o.CurrencyFrom}, true
	}
	return p
}

// layout finds the fields among the names of a header or an object; export says
// whether Bazar wrote it. It fails on two equal names where it would have to
// choose.
func (p *plan) layout(names []string, export bool) (layout, error) {
	l := layout{}
	used := make([]bool, len(names))
	for f := range numFields {
		at, err := findAny(names, p.names[f])
		if err != nil {
			return l, err
		}
		if f == idField && at >= 0 && !export {
			l.lostID, at = at != slices.Index(names, p.key), -1
		}
		if l.column[f] = at; at >= 0 {
			used[at] = true
		}
		if p.spares[f] != "" {
			if at, err = find(names, p.spares[f]); err == nil && at >= 0 {
				l.spares = append(l.spares, spare{f, at})
			}
		}
	}
	for i, name := range names {
		if !used[i] && !expected(name, export) && !(l.lostID && sameName(name, "id")) {
			l.unused = append(l.unused, name)
		}
	}
	return l, nil
}

// expected says whether there is nothing to tell when name is not used.
func expected(name string, export bool) bool {
	switch name {
	case "", errorColumn:
		return true
	case "version", "created_at", "updated_at":
		return export
	default:
		return false
	}
}

// missing says which column the options speak of but the header does not have.
func (p *plan) missing(l *layout, header []string) error {
	for f, names := range p.names {
		if l.column[f] < 0 && p.needed[f] {
			return api.Errorf(api.CodeInvalid, "there is no column %q; the header has %s", names[0], strings.Join(header, ", "))
		}
	}
	return nil
}

func hasAll(names, wanted []string) bool {
	for _, w := range wanted {
		if !slices.ContainsFunc(names, func(n string) bool { return sameName(n, w) }) {
			return false
		}
	}
	return true
}

func findAny(names, wanted []string) (int, error) {
	for _, w := range wanted {
		if at, err := find(names, w); at >= 0 || err != nil {
			return at, err
		}
	}
	return -1, nil
}

// find gives the place of the name that is exactly wanted, else of the one that
// is the same but for case and punctuation; -1 if there is none.
func find(names []string, wanted string) (int, error) {
	exactly := func(n string) bool { return n == wanted }
	roughly := func(n string) bool { return sameName(n, wanted) }
	for _, same := range []func(string) bool{exactly, roughly} {
		at := slices.IndexFunc(names, same)
		if at < 0 {
			continue
		}
		// Rejected rows that are rejected again have several of these.
		if slices.ContainsFunc(names[at+1:], same) && !sameName(wanted, errorColumn) {
			return -1, api.Errorf(api.CodeInvalid, "%q stands twice; rename one", names[at])
		}
		return at, nil
	}
	return -1, nil
}
