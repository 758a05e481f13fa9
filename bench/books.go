package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// What a generated catalogue is made of.
const (
	vocabulary = 50_000 // words of titles, the first ones by far the most common
	givenNames = 500
	surnames   = 400
	publishers = 300
	topics     = 40
	bookStock  = 100_000
)

// shelves makes books, the same ones for the same seed.
type shelves struct {
	random  *rand.Rand
	zipf    *rand.Zipf
	words   []string
	given   []string
	surname []string
	isbn    uint64 // the next ISBN's place in the random order
}

// newShelves starts a catalogue; those of different editions share no ISBN as
// long as each has less than ten million books.
func newShelves(edition uint64) *shelves {
	random := rand.New(rand.NewPCG(1, edition)) // the same books each time
	return &shelves{
		random: random, zipf: rand.NewZipf(random, 1.1, 4, vocabulary-1), isbn: edition * 10_000_000,
		words: vocabularyOf(vocabulary, 1), given: vocabularyOf(givenNames, 2), surname: vocabularyOf(surnames, 3),
	}
}

// vocabularyOf makes n distinct words of syllables, the first ones the shortest.
func vocabularyOf(n int, seed uint64) []string {
	random := rand.New(rand.NewPCG(2, seed)) // the same words each time
	syllables := strings.Fields("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bra cle dri flo gru sta pre tri slo plu an er in on un ar el is or us")
	seen := make(map[string]bool, n)
	list := make([]string, 0, n)
	for len(list) < n {
		var word strings.Builder
		for range 2 + random.IntN(2+len(list)*3/n) {
			word.WriteString(syllables[random.IntN(len(syllables))])
		}
		if w := word.String(); !seen[w] {
			seen[w] = true
			list = append(list, w)
		}
	}
	return list
}

func topicName(n int) string { return "topic-" + vocabularyOf(topics, 4)[n] }

// header names the columns of [shelves.book].
func header() string {
	return "isbn13,title,authors,topics,publisher,year,language,price,currency,stock\n"
}

// book appends a book as a line of CSV.
func (s *shelves) book(line []byte, topicNames []string) []byte {
	line = append(line, s.nextISBN()...)
	for n := range 2 + s.random.IntN(7) {
		line = append(line, " ,"[btoi(n == 0)])
		line = append(line, s.words[s.zipf.Uint64()]...)
	}
	for n := range 1 + s.random.IntN(2) {
		line = append(line, ";,"[btoi(n == 0)])
		line = append(line, s.given[s.random.IntN(givenNames)]...)
		line = append(line, ' ')
		line = append(line, s.surname[s.random.IntN(surnames)]...)
	}
	for n := range 1 + s.random.IntN(3) {
		line = append(line, ";,"[btoi(n == 0)])
		line = append(line, topicNames[s.random.IntN(topics)]...)
	}
	return fmt.Appendf(line, ",%s Press,%d,en,%d.%02d,USD,%d\n", s.surname[s.random.IntN(publishers)],
		1900+s.random.IntN(126), 1+s.random.IntN(99), s.random.IntN(100), bookStock)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// nextISBN gives valid ISBNs in an order that looks random: a step that has no
// factor in common with 10^9 comes to every number once.
func (s *shelves) nextISBN() string {
	digits := fmt.Sprintf("978%09d", s.isbn*618_033_989%1_000_000_000)
	s.isbn++
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

// write writes a catalogue of n books as CSV.
func (s *shelves) write(to io.Writer, n int) error {
	out := bufio.NewWriterSize(to, 1<<16)
	_, _ = out.WriteString(header()) // Flush tells
	names := make([]string, topics)
	for i := range names {
		names[i] = topicName(i)
	}
	var line []byte
	for range n {
		line = s.book(line[:0], names)
		_, _ = out.Write(line) // Flush tells
	}
	return out.Flush()
}

// bookFile is a file of n generated books; it is made if it is not there.
func (b *bench) bookFile(edition uint64, n int) (path string, err error) {
	path = fmt.Sprintf("%s/books-%d-%d.csv", b.dir, edition, n)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	file, err := os.Create(path + ".part")
	if err != nil {
		return "", err
	}
	err = newShelves(edition).write(file, n)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	return path, os.Rename(path+".part", path)
}
