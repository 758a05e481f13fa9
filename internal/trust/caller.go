package trust

import (
	"crypto/tls"
	"crypto/x509"
)

// Caller is what a program has to show, and to go by, when it calls others.
// The zero Caller shows nothing and trusts the system's CAs.
type Caller struct {
	// Name is the service that calls; "" for a person's program.
	Name string
	// CAFile has the private CA (PEM). A person's program trusts it beside the
	// system's CAs, a service trusts it alone.
	CAFile string
	// Pair is what the program shows of itself; nil for nothing.
	Pair *Pair
	// Key is what the services of one machine share, where there is one.
	Key Key
}

// Config is how the caller's connections are made. Names and chains are always
// verified.
func (c *Caller) Config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pool, err := readPool(c.roots(), c.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	if c.Pair != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return c.Pair.Certificate(), nil
		}
	}
	return config, nil
}

// roots are the CAs that count beside the private one.
func (c *Caller) roots() *x509.CertPool {
	if c.Name != "" {
		return x509.NewCertPool()
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // a system without any
		return x509.NewCertPool()
	}
	return pool
}
