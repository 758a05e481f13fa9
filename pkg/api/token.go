package api

import (
	"crypto/rand"
	"hash/crc32"
	"math/big"
	"strings"
)

// The parts of a token: a prefix by which people and scanners for leaked secrets
// know it, 256 random bits and a checksum, both in base 62 with leading zeros.
const (
	TokenPrefix  = "bzr_"
	tokenSecret  = 43
	tokenSum     = 6
	tokenLength  = len(TokenPrefix) + tokenSecret + tokenSum
	tokenDigits  = 62
	tokenEntropy = 32 // bytes
)

// NewToken mints a token: "bzr_", 43 digits of 256 random bits, 6 of a checksum.
func NewToken() string {
	secret := make([]byte, tokenEntropy)
	// It never fails: where the system has no randomness, the program ends.
	_, _ = rand.Read(secret)
	body := TokenPrefix + base62(new(big.Int).SetBytes(secret), tokenSecret)
	return body + checksum(body)
}

// ValidToken says whether a text can be a token at all: its length, alphabet and
// checksum are right. What was mistyped or cut off is told by that alone, without
// asking anybody.
func ValidToken(token string) bool {
	if len(token) != tokenLength || !strings.HasPrefix(token, TokenPrefix) {
		return false
	}
	for _, c := range []byte(token[len(TokenPrefix):]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	body := token[:tokenLength-tokenSum]
	return token[len(body):] == checksum(body)
}

func checksum(body string) string {
	return base62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(body)))), tokenSum)
}

func base62(n *big.Int, width int) string {
	digits := n.Text(tokenDigits)
	return strings.Repeat("0", width-len(digits)) + digits
}
