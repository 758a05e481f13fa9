package marc

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bazar-store/bazar/pkg/api"
)

// role is what somebody did for a book, as far as it counts here.
type role int

const (
	author role = iota
	editor
	helper // a translator, an illustrator
)

// authors gives those who wrote, else those who edited, else the bodies that
// are responsible.
func (m *mapping) authors() []string {
	var by [helper + 1][]string
	for f := range m.tagged("100", "700") {
		if f.raw('t') != "" {
			continue // a work, of which the name is only a part
		}
		r := m.role(f)
		if name := m.name(m.original(f)); name != "" && len(by[r]) <= api.MaxAuthors && !slices.Contains(by[r], name) {
			by[r] = append(by[r], name)
		}
	}
	if m.first("100") == nil {
		if f := m.linked("100-00"); f != nil {
			by[author] = append(by[author], m.name(f))
		}
	}
	for _, r := range []role{author, editor} {
		if len(by[r]) > 0 {
			return by[r]
		}
	}
	return m.bodies()
}

func (m *mapping) bodies() (names []string) {
	for f := range m.tagged("110", "710") {
		if f.raw('t') != "" || len(names) > api.MaxAuthors {
			continue
		}
		of := m.original(f)
		var parts []string
		for code, raw := range of.subfields() {
			if code == 'a' || code == 'b' {
				parts = append(parts, cutEnd(m.text(of, raw)))
			}
		}
		if name := strings.Join(parts, ". "); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// role reads the codes of $4, which may be addresses, and the words of $e.
// Somebody without one is an author.
func (m *mapping) role(f *field) role {
	found, given := helper, false
	for code, raw := range f.subfields() {
		if code != 'e' && code != '4' {
			continue
		}
		word := strings.ToLower(strings.Trim(m.text(f, raw), " .,"))
		found, given = min(found, roleNamed(word[strings.LastIndexByte(word, '/')+1:])), true
	}
	if !given {
		return author
	}
	return found
}

// roleNamed reads a code or term of the MARC code list for relators.
func roleNamed(word string) role {
	switch word {
	case "aut", "author", "joint author", "co-author", "coauthor", "cre", "creator", "dub", "dubious author",
		"art", "artist", "cmp", "composer", "pht", "photographer", "wam", "writer", "verfasser", "verfasserin":
		return author
	case "edt", "editor", "ed", "joint editor", "edc", "com", "compiler", "comp", "herausgeber", "herausgeberin", "hrsg":
		return editor
	}
	return helper
}

// name reads a person's name: $a, with the number of $b and the titles of $c.
func (m *mapping) name(f *field) string {
	name := cutEnd(m.sub(f, 'a'))
	if f.data[0] == '1' {
		name = upright(name)
	}
	if number := cutEnd(m.sub(f, 'b')); number != "" && name != "" {
		name += " " + number
	}
	for code, raw := range f.subfields() {
		if code != 'c' || name == "" {
			continue
		}
		switch words := cutEnd(m.text(f, raw)); {
		case strings.HasPrefix(words, "("):
			name += " " + words
		case words != "":
			name += ", " + words
		}
	}
	return name
}

// upright turns a name round that begins with the surname: what follows a
// second comma, such as Jr., stays last. East Asian names have the surname
// first in any case.
func upright(name string) string {
	surname, rest, found := strings.Cut(name, ",")
	if !found {
		return name
	}
	forenames, suffix, more := strings.Cut(rest, ",")
	forenames = strings.TrimSpace(forenames)
	if strings.ContainsFunc(surname, isEastAsian) {
		return surname + forenames
	}
	name = strings.TrimSpace(forenames + " " + surname)
	if more {
		name += ", " + strings.TrimSpace(suffix)
	}
	return name
}

func isEastAsian(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}
