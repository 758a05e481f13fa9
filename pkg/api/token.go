package api

import (
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"strings"
)

// A token is [TokenPrefix], 256 random bits and their checksum (CRC-32), both
// in base 62, so that scanners for secrets know one when they see it.
const (
	TokenPrefix  = "bzr_"
	tokenBytes   = 32
	tokenBody    = 43 // base 62 digits of 256 bits
	tokenSum     = 6  // base 62 digits of 32 bits
	base62Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewToken mints a token.
func NewToken() string {
	var random [tokenBytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	body := base62(random[:], tokenBody)
	return TokenPrefix + body + tokenChecksum(body)
}

// CheckToken says whether a text has the form of a token; its error does not
// repeat the text.
func CheckToken(s string) error {
	body, found := strings.CutPrefix(s, TokenPrefix)
	if !found || len(body) != tokenBody+tokenSum || tokenChecksum(body[:tokenBody]) != body[tokenBody:] {
		return Errorf(CodeUnauthenticated, "this is not a token of Bazar: one begins with %s and has %d characters", TokenPrefix, len(TokenPrefix)+tokenBody+tokenSum)
	}
	return nil
}

func tokenChecksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return base62(binary.BigEndian.AppendUint32(nil, sum), tokenSum)
}

// base62 writes a number in digits that are as many as asked for.
func base62(number []byte, digits int) string {
	n, base, rest := new(big.Int).SetBytes(number), big.NewInt(int64(len(base62Digits))), new(big.Int)
	text := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		n.DivMod(n, base, rest)
		text[i] = base62Digits[rest.Int64()]
	}
	return string(text)
}
