package marc

import "strings"

// title reads 245.
func (m *mapping) title() string {
	f := m.first("245")
	if f == nil {
		f = m.linked("245-00")
	} else {
		f = m.original(f)
	}
	if f == nil {
		return ""
	}
	t := title{}
	for code, raw := range f.subfields() {
		switch code {
		case 'a', 'b', 'n', 'p':
			t.add(code, m.text(f, raw))
		case 'h': // the medium, in brackets; it may end with the mark of the part before
			_, t.mark = cutMark(m.text(f, raw))
		}
	}
	return cutEnd(t.text)
}

// title is a title under way.
type title struct {
	text string
	code byte // of the last part
	mark byte // the punctuation after it
}

// add writes a part as people write titles: "Title: the rest. Part 1, Name".
func (t *title) add(code byte, part string) {
	part, mark := cutMark(part)
	if part == "" {
		return
	}
	if t.text == "" {
		t.text = part
	} else {
		t.text += t.between(code) + part
	}
	t.code, t.mark = code, mark
}

func (t *title) between(code byte) string {
	stopped := strings.ContainsAny(t.text[len(t.text)-1:], ".?!")
	switch {
	case t.mark == '=':
		return " = "
	case t.mark == ';':
		return "; "
	case t.mark == ',', code == 'p' && t.code == 'n' && !stopped:
		return ", "
	case stopped:
		return " "
	case code == 'b':
		return ": "
	}
	return ". "
}
