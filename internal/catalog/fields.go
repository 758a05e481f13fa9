package catalog

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/bazar-store/bazar/internal/database"
	"github.com/bazar-store/bazar/pkg/api"
)

// The fields of a change that no edit has: copies, and what an import's source
// calls the book.
const (
	stockField = "stock"
	keyField   = "key"
	isbnField  = "isbn13"
)

// fieldValue is one field of a book with its value as JSON has it.
type fieldValue struct {
	name  string
	value any
}

// sourceKey is what a source calls a book.
type sourceKey struct {
	Source string `json:"source"`
	Key    string `json:"key"`
}

// fieldsOf gives what an import can change of a book, but for its stock.
func fieldsOf(b *bookRow) []fieldValue {
	key := any(nil)
	if b.SourceKey != nil {
		key = sourceKey{*b.Source, *b.SourceKey}
	}
	return []fieldValue{
		{"title", b.Title},
		{isbnField, database.Plain(b.ISBN13)},
		{"authors", b.Authors.list()},
		{"topics", b.Topics.list()},
		{"publisher", database.Plain(b.Publisher)},
		{"year", database.Plain(b.Year)},
		{"language", database.Plain(b.Language)},
		{"description", database.Plain(b.Description)},
		{"price", b.price()},
		{"state", b.State},
		{keyField, key},
	}
}

// changesOf says which fields differ.
func changesOf(old, b *bookRow) (changes []api.FieldChange) {
	after := fieldsOf(b)
	for n, before := range fieldsOf(old) {
		if !reflect.DeepEqual(before.value, after[n].value) {
			changes = append(changes, changeOf(before.name, before.value, after[n].value))
		}
	}
	return changes
}

func changeOf(field string, before, after any) api.FieldChange {
	return api.FieldChange{Field: field, Before: asJSON(before), After: asJSON(after)}
}

// asJSON writes a field's value: texts, numbers and lists of them always
// marshal.
func asJSON(value any) json.RawMessage {
	data, _ := json.Marshal(value)
	return data
}

// mergeChanges puts later changes of a book behind earlier ones: what a field
// was before them all, and is after them.
func mergeChanges(earlier, later []api.FieldChange) []api.FieldChange {
	merged := slices.Clone(earlier)
	for _, c := range later {
		at := slices.IndexFunc(merged, func(m api.FieldChange) bool { return m.Field == c.Field })
		if at < 0 {
			merged = append(merged, c)
		} else {
			merged[at].After = c.After
		}
	}
	return merged
}

// sameJSON compares values, however they are written.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// restored is b with fields as they were before some changes.
func restored(b *bookRow, changes []api.FieldChange) (*bookRow, error) {
	back, members := *b, map[string]json.RawMessage{}
	for _, c := range changes {
		if c.Field != keyField {
			members[c.Field] = c.Before
			continue
		}
		var key *sourceKey
		if err := json.Unmarshal(c.Before, &key); err != nil {
			return nil, fmt.Errorf("book %d: %w", b.ID, err)
		}
		back.Source, back.SourceKey = nil, nil
		if key != nil {
			back.Source, back.SourceKey = &key.Source, &key.Key
		}
	}
	var edit api.BookEdit
	data, err := json.Marshal(members)
	if err == nil {
		err = json.Unmarshal(data, &edit)
	}
	if err != nil {
		return nil, fmt.Errorf("book %d: %w", b.ID, err)
	}
	return &back, apply(&back, &edit)
}
