package textindex

import (
	"context"
	"math/rand/v2"
	"testing"
)

// corpus gives each document's terms, Zipf distributed over 50,000 words.
func corpus(docs int) [][]string {
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.1, 4, 49_999)
	out := make([][]string, docs)
	for i := range out {
		for range 27 {
			out[i] = append(out[i], word(zipf.Uint64()))
		}
	}
	return out
}

// word spells a rank with 3 to 8 letters; word(0) is the most common.
func word(rank uint64) string {
	x := (rank + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	b := make([]byte, 3+x%6)
	for i := range b {
		b[i] = 'a' + byte(x>>(8+4*i)&15)
	}
	return string(b)
}

func add(b *Builder, docs [][]string, first int64) {
	for i, terms := range docs {
		for _, term := range terms {
			b.Add(term, first+int64(i))
		}
	}
}

func eightSegments() []segment {
	const docs = 8000
	all := corpus(8 * docs)
	var segments []segment
	for i := range 8 {
		b := NewBuilder()
		add(b, all[i*docs:(i+1)*docs], int64(i*docs)+1)
		segments = append(segments, b.Pages())
	}
	return segments
}

func BenchmarkBuild(b *testing.B) {
	docs := corpus(1000)
	bytes := 0
	for b.Loop() {
		builder := NewBuilder()
		add(builder, docs, 1)
		bytes = 0
		for _, p := range builder.Pages() {
			bytes += len(p.Data)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/27_000, "ns/posting")
	b.ReportMetric(float64(bytes)/27_000, "B/posting")
}

func BenchmarkMerge(b *testing.B) {
	segments := eightSegments()
	for b.Loop() {
		err := Merge(context.Background(), iterators(segments), func(Page) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(64_000*27), "ns/posting")
}

// first200 reads the first 200 ids again and again.
func first200(b *testing.B, open func() Iterator) {
	found := 0
	for b.Loop() {
		it := open()
		for found = range 200 {
			if _, ok, err := it.Next(); err != nil {
				b.Fatal(err)
			} else if !ok {
				break
			}
		}
	}
	b.ReportMetric(float64(found), "ids")
}

func BenchmarkFirst200(b *testing.B) {
	segments := eightSegments()
	term := func(rank uint64) Iterator {
		return everySegment(segments, func(s Source) Iterator { return Term(s, word(rank)) })
	}
	b.Run("term", func(b *testing.B) { first200(b, func() Iterator { return term(0) }) })
	b.Run("and", func(b *testing.B) {
		first200(b, func() Iterator { return Intersect(term(0), term(5)) })
	})
	b.Run("prefix", func(b *testing.B) {
		first200(b, func() Iterator {
			return everySegment(segments, func(s Source) Iterator { return Prefix(s, word(9)[:3]) })
		})
	})
}

// BenchmarkAll reads two common terms' intersection to its end.
func BenchmarkAll(b *testing.B) {
	segments := eightSegments()
	found := 0
	for b.Loop() {
		var its []Iterator
		for _, rank := range []uint64{0, 5} {
			its = append(its, everySegment(segments, func(s Source) Iterator { return Term(s, word(rank)) }))
		}
		both := Intersect(its...)
		found = 0
		for _, ok, _ := both.Next(); ok; _, ok, _ = both.Next() {
			found++
		}
	}
	b.ReportMetric(float64(found), "ids")
}
