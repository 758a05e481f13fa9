// Command gen makes the tables of MARC-8 from the code tables that the Library
// of Congress publishes as codetables.xml (MARC 21 Specifications, Character
// Sets and Encoding Options, Part 5; a work of the United States government, in
// the public domain):
//
//	go run ./internal/bookfile/marc/gen codetables.xml internal/bookfile/marc
//
// It writes sets.bin, the sets of one byte a character: the final byte of the
// set's escape sequence, then for each of the codes 20 to 7F (hex) the code point in 2
// bytes and what it is in one (0 nothing, 1 a character, 2 a combining mark); a
// mark without a code point is the second half of a wide one. And it writes
// eacc.bin, the East Asian set: the code and the code point in 3 bytes each,
// sorted.
package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

type codeTables struct {
	Sets []struct {
		Final  string `xml:"ISOcode,attr"`
		Codes  []code `xml:"code"`
		Groups []struct {
			Codes []code `xml:"code"`
		} `xml:"grouping"`
	} `xml:"codeTable>characterSet"`
}

type code struct {
	Marc      string `xml:"marc"`
	UCS       string `xml:"ucs"`
	Alt       string `xml:"alt"`
	Combining bool   `xml:"isCombining"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: gen codetables.xml FOLDER")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var t codeTables
	if err := xml.Unmarshal(text, &t); err != nil {
		return err
	}
	var sets, eacc []byte
	for _, s := range t.Sets {
		codes := s.Codes
		for _, g := range s.Groups {
			codes = append(codes, g.Codes...)
		}
		final, err := hex(s.Final)
		if err != nil {
			return err
		}
		if final == '1' {
			eacc, err = wide(codes)
		} else {
			sets, err = narrow(sets, byte(final), codes)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(args[1], "sets.bin"), sets, 0o644),
		os.WriteFile(filepath.Join(args[1], "eacc.bin"), eacc, 0o644))
}

// narrow adds a set of one byte a character. Control characters are left to the
// decoder.
func narrow(sets []byte, final byte, codes []code) ([]byte, error) {
	var table [96 * 3]byte
	for _, c := range codes {
		at, err := hex(c.Marc)
		if err != nil {
			return nil, err
		}
		if at &= 0x7f; at < 0x20 {
			continue
		}
		point, err := c.point()
		if err != nil || point > 0xffff {
			return nil, fmt.Errorf("code %s: %q: %w", c.Marc, c.UCS, err)
		}
		kind := byte(1)
		if c.Combining {
			kind = 2
		}
		copy(table[(at-0x20)*3:], []byte{byte(point >> 8), byte(point), kind})
	}
	return append(append(sets, final), table[:]...), nil
}

func wide(codes []code) ([]byte, error) {
	var entries [][]byte
	for _, c := range codes {
		at, err := hex(c.Marc)
		if err != nil {
			return nil, err
		}
		point, err := c.point()
		if err != nil || c.Combining {
			return nil, fmt.Errorf("code %s: %q: %w", c.Marc, c.UCS, err)
		}
		entries = append(entries, []byte{byte(at >> 16), byte(at >> 8), byte(at), byte(point >> 16), byte(point >> 8), byte(point)})
	}
	slices.SortFunc(entries, slices.Compare)
	return slices.Concat(entries...), nil
}

// point is the code point; what stands for a private one where there is that.
func (c *code) point() (int64, error) {
	if c.UCS == "" && c.Combining {
		return 0, nil
	}
	point, err := hex(c.UCS)
	if err == nil && point >= 0xe000 && point <= 0xf8ff && c.Alt != "" {
		return hex(c.Alt)
	}
	return point, err
}

func hex(s string) (int64, error) { return strconv.ParseInt(s, 16, 32) }
