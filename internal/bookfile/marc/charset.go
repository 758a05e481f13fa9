package marc

import (
	_ "embed"
	"sort"
)

// The tables are made by gen; it says how they are built.
var (
	//go:embed sets.bin
	setTable string
	//go:embed eacc.bin
	eaccTable string
)

// kind says what a code is in a set.
type kind byte

const (
	nothing kind = iota
	character
	mark // a combining one; without a code point the second half of a wide one
)

// charset is a set of one byte a character.
type charset struct {
	final byte   // that ends its escape sequence
	codes string // from 20 to 7F (hex), 3 bytes each
}

// at gives what the code, 20 to 7F (hex), is.
func (s *charset) at(code byte) (rune, kind) {
	c := s.codes[int(code-0x20)*3:]
	return rune(c[0])<<8 | rune(c[1]), kind(c[2])
}

// charsets gives the sets of one byte a character.
func charsets() []charset {
	const size = 1 + 3*96
	sets := make([]charset, 0, len(setTable)/size)
	for rest := setTable; rest != ""; rest = rest[size:] {
		sets = append(sets, charset{final: rest[0], codes: rest[1:size]})
	}
	return sets
}

// eastAsian gives the character of the East Asian Character Code (ANSI
// Z39.64); 0 if there is none.
func eastAsian(a, b, c byte) rune {
	const size = 6
	code := string([]byte{a, b, c})
	entry := func(i int) string { return eaccTable[i*size : i*size+size] }
	n := len(eaccTable) / size
	i := sort.Search(n, func(i int) bool { return entry(i)[:3] >= code })
	if i == n || entry(i)[:3] != code {
		return 0
	}
	e := entry(i)
	return rune(e[3])<<16 | rune(e[4])<<8 | rune(e[5])
}
