package marc

import (
	"strings"
	"unicode/utf8"

	"github.com/bazar-store/bazar/pkg/api"
)

// Book is what a record says of a book, as texts; "" and nil say nothing.
type Book struct {
	// Key is the record's control number (001), after the code of whose number
	// it is (003) in parentheses.
	Key         string
	ISBN13      string
	Title       string
	Authors     []string
	Topics      []string
	Publisher   string
	Year        string
	Language    string // ISO 639-1 where that has a code, else MARC's own
	Description string
	// Price is a decimal in Currency, an ISO 4217 code.
	Price, Currency string
	// WrongISBN says that there is an ISBN in the record but none that is
	// valid.
	WrongISBN bool
}

// Book reads what makes a book on sale:
//
//   - the title from 245 $a $b $n $p, without the punctuation of ISBD (the
//     articles that sorting leaves out stay);
//   - authors from 100 and 700; if there is none, those who edited; if there is
//     nobody, the bodies of 110 and 710. "Tolkien, J. R. R." is turned round;
//   - the original script of title and authors, where 880 has it, in place of
//     the romanised form;
//   - the first valid ISBN of 020 $a, and the price of 020 $c if it is an
//     amount with a currency;
//   - publisher and year from 264 (publication), else 260; the year first of
//     all from 008;
//   - the language from 008, else 041;
//   - topics from 650, 651, 653 and 655 $a, without subdivisions, at most
//     [api.MaxTopics];
//   - the description from 520 $a.
//
// A text that is not in the record's encoding is an [api.CodeInvalid].
func (r *Record) Book() (Book, error) {
	m := mapping{Record: r}
	b := Book{
		Key:         m.key(),
		Title:       m.title(),
		Authors:     m.authors(),
		Topics:      m.topics(),
		Publisher:   m.publisher(),
		Year:        m.year(),
		Language:    m.language(),
		Description: m.description(),
	}
	m.trade(&b)
	return b, m.err
}

// mapping is the reading of a record; err is the first thing that is wrong.
type mapping struct {
	*Record
	err error
}

// text gives a text of a field in Unicode, in one line.
func (m *mapping) text(f *field, raw string) string {
	if m.texts != nil && m.err == nil {
		var err error
		if raw, err = m.texts.Decode(raw); err != nil {
			m.err = api.Errorf(api.CodeInvalid, "field %s: %w", f.tag, err)
		}
	}
	if m.err != nil {
		return ""
	}
	// U+0098 and U+009C stand around what sorting leaves out.
	if strings.Contains(raw, "\u0098") || strings.Contains(raw, "\u009c") {
		raw = strings.NewReplacer("\u0098", "", "\u009c", "").Replace(raw)
	}
	return strings.Join(strings.Fields(raw), " ")
}

// sub gives the first subfield with the code, "" if there is none.
func (m *mapping) sub(f *field, code byte) string { return m.text(f, f.raw(code)) }

// original gives the field of 880 that has f in its original script, else f.
// The link is in $6: "880-02" in the one, "100-02/$1" in the other.
func (m *mapping) original(f *field) *field {
	_, number, _ := strings.Cut(f.raw('6'), "-")
	if len(number) < 2 || number[:2] == "00" {
		return f
	}
	if found := m.linked(f.tag + "-" + number[:2]); found != nil {
		return found
	}
	return f
}

// linked gives the first field of 880 that has the link.
func (m *mapping) linked(link string) *field {
	for f := range m.tagged("880") {
		if strings.HasPrefix(f.raw('6'), link) {
			return f
		}
	}
	return nil
}

func (m *mapping) key() string {
	f := m.first("001")
	if f == nil {
		return ""
	}
	key := m.text(f, f.data)
	if of := m.first("003"); of != nil && key != "" {
		if whose := m.text(of, of.data); whose != "" {
			key = "(" + whose + ")" + key
		}
	}
	return key
}

// topics gives the headings, each once.
func (m *mapping) topics() []string {
	var topics []string
	seen := map[string]bool{}
	for f := range m.tagged("650", "651", "653", "655") {
		for code, raw := range f.subfields() {
			if code != 'a' || len(topics) == api.MaxTopics {
				continue
			}
			topic := cutEnd(m.text(f, raw))
			if slug := api.Slug(topic); slug != "" && !seen[slug] {
				seen[slug] = true
				topics = append(topics, topic)
			}
		}
	}
	return topics
}

func (m *mapping) publisher() string {
	for f := range m.published() {
		name := strings.Trim(cutEnd(m.sub(f, 'b')), "[]<> ")
		switch strings.ToLower(strings.TrimRight(name, ".]")) {
		case "", "s.n", "publisher not identified":
			continue
		}
		return name
	}
	return ""
}

func (m *mapping) description() string {
	for f := range m.tagged("520") {
		if text := m.sub(f, 'a'); text != "" {
			return text
		}
	}
	return ""
}

// cutEnd cuts the punctuation at a text's end that only divides the parts of a
// record, and the full stop unless it belongs to an abbreviation.
func cutEnd(s string) string {
	s, _ = cutMark(s)
	before, found := strings.CutSuffix(s, ".")
	if !found || strings.HasSuffix(before, ".") {
		return s
	}
	word := before[strings.LastIndexAny(before, " -([")+1:]
	if utf8.RuneCountInString(word) <= 2 || strings.Contains(word, ".") || isAbbreviation(word) {
		return s
	}
	return before
}

// cutMark cuts the punctuation of ISBD at a text's end, and gives the last mark
// of it; 0 if there was none.
func cutMark(s string) (string, byte) {
	cut := strings.TrimRight(s, " /:;,=")
	for i := len(s) - 1; i >= len(cut); i-- {
		if s[i] != ' ' {
			return cut, s[i]
		}
	}
	return cut, 0
}

func isAbbreviation(word string) bool {
	switch strings.ToLower(word) {
	case "jr", "sr", "etc", "inc", "ltd", "co", "bros", "dept", "dr", "mr", "mrs", "ms", "st", "vol", "no", "pt", "ed", "eds", "rev", "esq", "corp", "assoc", "univ", "gmbh":
		return true
	}
	return false
}
