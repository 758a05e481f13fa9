package bookfile

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// ndjsonSource reads objects, one a line.
type ndjsonSource struct {
	in     *window
	plan   *plan
	names  []string // of the members of the object before
	export bool     // what isExport said of it
	layout *layout  // of names; nil before the first object
	onSeen func(*layout)
}

// member is a member of a JSON object, in its order.
type member struct {
	name  string
	value json.RawMessage
}

func (s *ndjsonSource) next(rec *record) (Row, error) {
	for {
		if len(s.in.data()) == 0 {
			if s.in.eof {
				return Row{}, io.EOF
			}
			if err := s.in.fill(); err != nil {
				return Row{}, err
			}
			continue
		}
		row := Row{Line: s.in.line}
		line, cut, err := s.in.takeLine()
		if err != nil {
			return Row{}, err
		}
		if row.raw = strings.TrimSpace(line); row.raw == "" {
			continue
		}
		if row.Err = s.in.r.checkText(row.raw); cut {
			row.Err = tooLong()
		}
		if row.Err == nil {
			row.Err = s.object(row.raw, rec)
		}
		return row, nil
	}
}

// object puts the members of a JSON object where the layout wants them.
func (s *ndjsonSource) object(raw string, rec *record) error {
	members, err := parseObject(raw)
	if err != nil {
		return err
	}
	if err := s.arrange(members); err != nil {
		return err
	}
	for i, at := range s.layout.column {
		if at < 0 {
			continue
		}
		if err := rec.put(field(i), members[at].value); err != nil {
			return err
		}
	}
	return nil
}

// arrange makes the layout that fits the members. Most objects of a file have
// the names of the one before.
func (s *ndjsonSource) arrange(members []member) error {
	same := func(m member, name string) bool { return m.name == name }
	export := isExport(members)
	if s.layout != nil && export == s.export && slices.EqualFunc(members, s.names, same) {
		return nil
	}
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
	}
	l, err := s.plan.layout(names, export)
	if err != nil {
		return err
	}
	s.names, s.export, s.layout = names, export, &l
	s.onSeen(s.layout)
	return nil
}

// isExport says whether Bazar itself wrote the object: only then its item
// numbers are this store's.
func isExport(members []member) bool {
	wanted := []string{"id", "title", "price", "stock", "version"}
	for _, m := range members {
		if m.name == "price" && m.value[0] != '{' {
			return false
		}
		wanted = slices.DeleteFunc(wanted, func(n string) bool { return n == m.name })
	}
	return len(wanted) == 0
}

// parseObject reads the members of the one JSON object that raw has to be.
func parseObject(raw string) ([]member, error) {
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(raw), &whole); err != nil {
		return nil, api.Errorf(api.CodeInvalid, "it is not JSON, one object a line: %w", err)
	}
	if whole[0] != '{' {
		return nil, api.Errorf(api.CodeInvalid, "it is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(whole))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.name, _ = name.(string) // what the decoder gives before a member's value
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// put takes a value of JSON as what a cell would say: a text, a number as it is
// written, nothing for null, an array for several authors or topics, and an
// object for a price.
func (rec *record) put(f field, value json.RawMessage) (err error) {
	switch {
	case value[0] == '[' && (f == authorsField || f == topicsField):
		rec.list[f], err = texts(f, value)
	case value[0] == '{' && f == priceField:
		rec.exact = true
		rec.text[priceField], rec.priceCurrency, err = price(value)
	default:
		rec.exact = rec.exact || (f == priceField && isNumber(value[0]))
		rec.text[f], err = scalar(f, value)
	}
	return err
}

// price gives the decimal and the currency of an [api.Money], which has to have
// both members: minor units of nothing are no amount.
func price(value json.RawMessage) (decimal, currency string, err error) {
	var p struct {
		Amount   *int64
		Currency string
	}
	if err := json.Unmarshal(value, &p); err != nil || p.Amount == nil || p.Currency == "" {
		return "", "", api.Errorf(api.CodeInvalid, `price is not {"amount": minor units, "currency": code}`)
	}
	return api.Money{Amount: *p.Amount, Currency: p.Currency}.Decimal(), p.Currency, nil
}

func texts(f field, value json.RawMessage) ([]string, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(value, &values); err != nil {
		return nil, err
	}
	list := make([]string, len(values))
	for i, v := range values {
		var err error
		if list[i], err = scalar(f, v); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func scalar(f field, value json.RawMessage) (string, error) {
	switch c := value[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(value, &s)
		return s, err
	case c == 'n':
		return "", nil
	case isNumber(c):
		return string(value), nil
	}
	return "", api.Errorf(api.CodeInvalid, "%s is %s, which is neither a text nor a number", f, value[:min(len(value), 40)])
}

// isNumber says whether a JSON value that begins so is a number.
func isNumber(c byte) bool { return c == '-' || (c >= '0' && c <= '9') }
