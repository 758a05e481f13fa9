// Package trust is how programs of Bazar know each other: by the certificates
// of a private CA, read again when their files change, or, on one machine
// without TLS, by a key that they share.
package trust

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
)

// The domain of identities: a service's is spiffe://bazar/ and its name.
const (
	scheme = "spiffe"
	domain = "bazar"
)

// Names are the programs that have an identity.
func Names() []string { return []string{"catalog", "order", "account", "frontend"} }

// URI is the identity of a program as it stands in its certificate.
func URI(name string) *url.URL { return &url.URL{Scheme: scheme, Host: domain, Path: "/" + name} }

// NameOf gives the name of the program that a certificate identifies: it has
// exactly one URI, and that is one of ours. Whether the certificate is to be
// trusted is for the caller to know.
func NameOf(certificate *x509.Certificate) (name string, ok bool) {
	if len(certificate.URIs) != 1 {
		return "", false
	}
	u := certificate.URIs[0]
	name = strings.TrimPrefix(u.Path, "/")
	// Two texts that are read as one identity would be two identities to others.
	if !slices.Contains(Names(), name) || u.String() != URI(name).String() {
		return "", false
	}
	return name, true
}
