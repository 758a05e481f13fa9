package bookfile

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/htmlindex"
)

// guess names the encoding that a row which is not UTF-8 is likely in; "" if
// none is likely. It is for a hint: nothing is decoded by it.
func guess(raw string) string {
	if n := strings.Count(raw, "\x00"); n > 0 {
		return guessUTF16(raw, n)
	}
	for _, candidate := range candidates(raw) {
		if fits(raw, candidate.name, candidate.likely, candidate.needed) {
			return candidate.name
		}
	}
	return ""
}

// candidate is an encoding with the characters, beside ASCII, that texts in it
// have, and those that one of has to be among them.
type candidate struct {
	name           string
	likely, needed func(rune) bool
}

// candidates are the encodings that raw may be in, the likeliest first. Bytes
// that stand alone are accented letters: elsewhere a character has two, or a
// word more.
func candidates(raw string) []candidate {
	western := candidate{"windows-1252", isLatin, isLatin}
	longest, lower := runs(raw)
	switch {
	case longest < 2:
		return []candidate{western}
	case longest > 2 && lower:
		return []candidate{{"windows-1251", isCyrillic, isCyrillic}, western}
	}
	return []candidate{
		{"euc-jp", isJapanese, isKana},
		{"shift_jis", isJapanese, isKana},
		{"euc-kr", isHangul, isHangul},
		{"gb18030", isHan, isHan},
		{"big5", isHan, isHan},
		western,
	}
}

// runs gives the length of the longest run of bytes that are not ASCII, and
// whether, as Russian in windows-1251, all but the first of each are small
// letters.
func runs(raw string) (longest int, lower bool) {
	run := 0
	lower = true
	for i := range len(raw) {
		switch {
		case raw[i] < 0x80:
			run = 0
			continue
		case run > 0:
			lower = lower && raw[i] >= 0xE0
		}
		run++
		longest = max(longest, run)
	}
	return longest, lower
}

// guessUTF16 looks at which half of the pairs is zero, as it is for letters of
// Latin.
func guessUTF16(raw string, zeros int) string {
	if zeros*3 < len(raw) {
		return ""
	}
	if strings.IndexByte(raw, 0)%2 == 0 {
		return "utf-16be"
	}
	return "utf-16le"
}

// fits says whether raw decodes to ASCII and likely characters alone, one of
// which is needed.
func fits(raw, name string, likely, needed func(rune) bool) bool {
	e, err := htmlindex.Get(name)
	if err != nil {
		return false
	}
	text, err := e.NewDecoder().String(raw)
	if err != nil {
		return false
	}
	found := false
	for _, r := range text {
		if r < 0x80 {
			continue
		}
		if !likely(r) {
			return false
		}
		found = found || needed(r)
	}
	return found
}

func isKana(r rune) bool { return r >= 0x3041 && r <= 0x30FE }

func isWide(r rune) bool { return (r >= 0x3000 && r <= 0x303F) || (r >= 0xFF01 && r <= 0xFF5E) }

func isHan(r rune) bool { return (r >= 0x4E00 && r <= 0x9FFF) || isWide(r) }

func isJapanese(r rune) bool { return isKana(r) || isHan(r) }

func isHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

func isCyrillic(r rune) bool {
	return r >= 0x0400 && r <= 0x045F
}

func isLatin(r rune) bool {
	return unicode.Is(unicode.Latin, r) || strings.ContainsRune("‘’“”‚„–—…•€£¥©®™°«»¿¡§·\u00a0\u00ad´", r)
}
