package api

import (
	"net/url"
	"strconv"
)

// Limits of list queries.
const (
	DefaultLimit = 20
	MaxLimit     = 1_000
	MaxQuery     = 500
)

// The values of [BookQuery].Sort.
const (
	SortRelevance = "relevance"
	SortTitle     = "title"
	SortPrice     = "price"
	SortYear      = "year"
	SortID        = "id"
)

// Sorts lists the values that [BookQuery].Sort may have.
func Sorts() []string { return []string{SortRelevance, SortTitle, SortPrice, SortYear, SortID} }

// BookQuery is the query of GET /v1/books. Q that names a topic shows that
// topic; otherwise its words are looked for in title, authors, topics,
// publisher and ISBN, the last one as a prefix. Topic and Words insist on one
// reading. Prices are minor units of Currency.
type BookQuery struct {
	Q        string
	Topic    string
	Words    string
	Author   string
	InStock  bool
	All      bool // retired books too; only with Sort "id"
	MinPrice *int64
	MaxPrice *int64
	Currency string
	Sort     string
	Limit    int
	Cursor   string
}

// Values gives the query as URL parameters; zero fields are left out.
func (q *BookQuery) Values() url.Values {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("q", q.Q)
	set("topic", q.Topic)
	set("words", q.Words)
	set("author", q.Author)
	set("currency", q.Currency)
	set("sort", q.Sort)
	set("cursor", q.Cursor)
	if q.InStock {
		v.Set("in_stock", "true")
	}
	if q.All {
		v.Set("retired", "true")
	}
	if q.MinPrice != nil {
		v.Set("min_price", strconv.FormatInt(*q.MinPrice, 10))
	}
	if q.MaxPrice != nil {
		v.Set("max_price", strconv.FormatInt(*q.MaxPrice, 10))
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}
