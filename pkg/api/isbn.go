package api

import "strings"

// ParseISBN reads an ISBN-10 or ISBN-13, with or without hyphens and spaces,
// checks its check digit (ISO 2108) and gives the 13 digits. Its errors are
// [CodeInvalid].
func ParseISBN(s string) (string, error) {
	compact := strings.Map(compactISBN, s)
	switch len(compact) {
	case 10:
		if !isDigits(compact[:9]) || (compact[9] != 'X' && !isDigits(compact[9:])) {
			break
		}
		if check10(compact[:9]) != compact[9] {
			return "", Errorf(CodeInvalid, "ISBN %q has a wrong check digit", s)
		}
		return "978" + compact[:9] + string(check13("978"+compact[:9])), nil
	case 13:
		if !isDigits(compact) || (compact[:3] != "978" && compact[:3] != "979") {
			break
		}
		if check13(compact[:12]) != compact[12] {
			return "", Errorf(CodeInvalid, "ISBN %q has a wrong check digit", s)
		}
		return compact, nil
	}
	return "", Errorf(CodeInvalid, "%q is not an ISBN: it takes 10 or 13 digits", s)
}

func compactISBN(r rune) rune {
	switch r {
	case '-', ' ', '‐', '‑', '–':
		return -1
	case 'x':
		return 'X'
	}
	return r
}

// RepairISBN is [ParseISBN] for spreadsheets: digits that a number format has
// eaten from the front of an ISBN-10 are put back before the check.
func RepairISBN(s string) (string, error) {
	s = strings.TrimSpace(s)
	if n := len(s); n >= 5 && n < 10 && isDigits(s[:n-1]) {
		s = strings.Repeat("0", 10-n) + s
	}
	return ParseISBN(s)
}

func check10(nine string) byte {
	sum := 0
	for i := range 9 {
		sum += (10 - i) * int(nine[i]-'0')
	}
	if d := (11 - sum%11) % 11; d < 10 {
		return byte('0' + d)
	}
	return 'X'
}

func check13(twelve string) byte {
	sum := 0
	for i := range 12 {
		sum += (1 + 2*(i%2)) * int(twelve[i]-'0')
	}
	return byte('0' + (10-sum%10)%10)
}
