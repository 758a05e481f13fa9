package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"time"
)

const httpConnections = 16

// measureHTTP measures what one book costs over HTTP, and searching.
func measureHTTP(ctx context.Context, b *bench) error {
	return errors.Join(besideHello(ctx, b), searchBySize(ctx, b))
}

// besideHello compares the catalog's answer for a book with a handler that does
// nothing, in slices of the same load.
func besideHello(ctx context.Context, b *bench) error {
	const books = 10_000
	dir, err := b.store(ctx, books)
	if err != nil {
		return err
	}
	hello, catalog, stop, err := helloAndCatalog(ctx, b, dir)
	if err != nil {
		return err
	}
	defer stop()
	bookRequests := make([][]byte, 1_000)
	for i := range bookRequests {
		bookRequests[i] = get(fmt.Sprintf("/v1/books/%d", 1+rand.IntN(books))) // any book will do
	}
	at := make([]int, httpConnections)
	helloRequest, length := get("/"), time.Duration(b.amount(1_000, 300))*time.Millisecond
	var ratios, hellos, bookRates []float64
	for range b.amount(11, 3) {
		one, err := load(ctx, hello.addr, httpConnections, length, http.StatusOK, func(int) []byte { return helloRequest })
		if err != nil {
			return err
		}
		other, err := load(ctx, catalog.addr, httpConnections, length, http.StatusOK, func(conn int) []byte {
			at[conn]++
			return bookRequests[(at[conn]+conn*61)%len(bookRequests)]
		})
		if err != nil {
			return err
		}
		hellos, bookRates = append(hellos, one.rate()), append(bookRates, other.rate())
		ratios = append(ratios, other.rate()/one.rate())
	}
	b.note("bare net/http server", rate(middle(hellos)))
	b.note("GET /v1/books/{id} of the catalog", rate(middle(bookRates)))
	b.judge("  the one to the other", times(middle(ratios)), "≥ 0.40×", middle(ratios) >= 0.4)
	return nil
}

// helloAndCatalog starts both servers.
func helloAndCatalog(ctx context.Context, b *bench, dir string) (hello, catalog *server, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	if hello, err = b.serve(ctx, "hello", nil, self, childCommand, "hello"); err != nil {
		return nil, nil, nil, err
	}
	if catalog, err = b.serveCatalog(ctx, dir); err != nil {
		stopAll(hello)
	}
	return hello, catalog, func() { stopAll(hello, catalog) }, err
}

// serveCatalog starts the catalog's own program on a store's directory.
func (b *bench) serveCatalog(ctx context.Context, dir string) (*server, error) {
	return b.serve(ctx, "catalog", nil, b.program("catalog"),
		"--db", "sqlite:"+dir+"/catalog.db", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
}

// searchBySize asks the same of a large and a small catalogue in turn.
func searchBySize(ctx context.Context, b *bench) error {
	sizes := []int{b.amount(10_000, 2_000), b.amount(1_000_000, 20_000)}
	var dirs []string
	for _, n := range sizes {
		dir, err := b.store(ctx, n)
		if err != nil {
			return err
		}
		dirs = append(dirs, dir)
	}
	var servers []*server
	defer func() { stopAll(servers...) }()
	var wires []*wire
	for _, dir := range dirs {
		s, err := b.serveCatalog(ctx, dir)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		w, err := dial(ctx, s.addr)
		if err != nil {
			return err
		}
		defer func() { _ = w.conn.Close() }() // whatever it says, it is gone
		wires = append(wires, w)
	}
	for _, q := range searches() {
		small, large, err := bothSizes(b, wires[0], wires[1], get("/v1/books?limit=20&"+q.query))
		if err != nil {
			return fmt.Errorf("%s: %w", q.query, err)
		}
		ratio := large.Seconds() / small.Seconds()
		b.judge(fmt.Sprintf("%s, %d and %d books", q.what, sizes[0], sizes[1]),
			fmt.Sprintf("%s, %s = %s", ms(small), ms(large), times(ratio)), "≤ 5×", ratio <= 5)
	}
	return nil
}

type search struct{ what, query string }

// searches are made of the words that most titles have.
func searches() []search {
	words := vocabularyOf(vocabulary, 1)
	author := vocabularyOf(surnames, 3)[0]
	return []search{
		{"a topic", "topic=" + url.QueryEscape(topicName(0))},
		{"a common word", "q=" + words[0]},
		{"a prefix of three letters", "q=" + words[0][:3]},
		{"a prefix of one letter", "q=" + words[0][:1]},
		{"two common words", "q=" + words[0] + "+" + words[1]},
		{"a word and an author", "q=" + words[2] + "&author=" + author},
		{"a topic, in stock, up to a price", "in_stock=true&max_price=1000&currency=USD&topic=" + url.QueryEscape(topicName(1))},
	}
}

// bothSizes asks two servers the same in turn, and gives the medians.
func bothSizes(b *bench, small, large *wire, request []byte) (time.Duration, time.Duration, error) {
	took := [2][]time.Duration{}
	for range b.amount(200, 10) {
		for i, w := range [2]*wire{small, large} {
			start := time.Now()
			status, err := w.do(request)
			took[i] = append(took[i], time.Since(start))
			if err != nil || status != http.StatusOK {
				return 0, 0, errors.Join(err, fmt.Errorf("status %d: %s", status, w.body))
			}
		}
	}
	return median(took[0]), median(took[1]), nil
}
