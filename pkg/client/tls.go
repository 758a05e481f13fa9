package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// newTransport speaks HTTP/1.1, as Bazar's servers do.
func newTransport(config *tls.Config) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Protocols:             &protocols,
		TLSClientConfig:       config,
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConns:          1_024,
		MaxIdleConnsPerHost:   512,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	}
}

// sign has the request say which service sends it, where services share a key.
func (r route) sign(request *http.Request) error {
	caller := r.client.caller
	if caller.Key.None() {
		return nil
	}
	var body []byte
	if request.GetBody != nil {
		reader, err := request.GetBody()
		if err == nil {
			body, err = io.ReadAll(reader)
		}
		if err != nil {
			return fmt.Errorf("request body: %w", err)
		}
	}
	request.Header.Set(trust.Header,
		caller.Key.Sign(caller.Name, string(r.service), request.Method, request.URL.RequestURI(), body, time.Now()))
	return nil
}

// distrust is why a connection was not trusted, by one side or the other, and
// what to do about it.
type distrust struct{ reason, fix string }

// Hint says what to do about a connection that was not trusted; "" for any
// other error.
func Hint(err error) string { return understand(err).fix }

// plainToTLS is the error of plain HTTP sent to a server that speaks TLS, which
// read nothing of it.
type plainToTLS struct{}

// Error says so.
func (plainToTLS) Error() string { return "it speaks HTTPS, and was asked in plain HTTP" }

// isPlainToTLS says whether an answer is what Go's and nginx's servers have for
// such requests.
func isPlainToTLS(status int, body []byte) bool {
	return status == http.StatusBadRequest &&
		(strings.HasPrefix(string(body), "Client sent an HTTP request to an HTTPS server") ||
			strings.Contains(string(body), "The plain HTTP request was sent to HTTPS port"))
}

// isTLSToPlain says whether a server answered a handshake with something else.
func isTLSToPlain(err error) bool {
	_, is := errors.AsType[tls.RecordHeaderError](err)
	return is
}

// understand finds a failure of trust in an error.
func understand(err error) distrust {
	switch {
	case errors.Is(err, plainToTLS{}):
		return distrust{err.Error(), "write its URL with https://"}
	case isTLSToPlain(err):
		return distrust{"it speaks plain HTTP, and was asked in HTTPS", "start it with --tls-cert and --tls-key, or on this machine write its URL with http://"}
	}
	if refused := refusal(err); refused != "" {
		return distrust{
			"it refuses the connection (" + refused + ")",
			"see that both sides have certificates of the same CA that have not ended: `bazar certs show DIR`",
		}
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return distrust{
			"its certificate is from a CA that is not known here: " + unknown.Error(),
			"set BAZAR_CA_FILE to the ca.pem of its store; if it is set, it is another store's",
		}
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return distrust{
			fmt.Sprintf("its certificate is for %s, not for %s", names(wrong.Certificate), wrong.Host),
			"use a name that it is for, or add this one: `bazar certs renew DIR --all --host " + wrong.Host + "`",
		}
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalidity(invalid)
	}
	return distrust{}
}

func invalidity(e x509.CertificateInvalidError) distrust {
	switch now := time.Now(); {
	case e.Reason != x509.Expired:
		return distrust{"its certificate is not valid: " + e.Error(), "give the server another: `bazar certs renew DIR --all`"}
	case now.Before(e.Cert.NotBefore):
		return distrust{
			fmt.Sprintf("its certificate begins only at %s, and here it is %s", stamp(e.Cert.NotBefore), stamp(now)),
			"set the clock, here or there",
		}
	default:
		return distrust{
			"its certificate ended at " + stamp(e.Cert.NotAfter),
			"give the server a new one: `bazar certs renew DIR`; it need not be stopped",
		}
	}
}

// refusal is the alert by which a server ends a handshake, and so reads nothing
// of a request; "" if the error is none. In TLS 1.3 it comes when the client is
// through with its part, and has sent the request along.
func refusal(err error) string {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return ""
	}
	// RFC 8446, section 6.2: handshake_failure to unknown_ca, access_denied,
	// protocol_version, unrecognized_name, certificate_required.
	for _, alert := range [...]tls.AlertError{40, 42, 43, 44, 45, 46, 48, 49, 70, 112, 116} {
		if op.Err.Error() == alert.Error() {
			return strings.TrimPrefix(alert.Error(), "tls: ")
		}
	}
	return ""
}

// names are what a certificate is for, as people read it.
func names(c *x509.Certificate) string {
	list := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 {
		return "no host"
	}
	return strings.Join(list, ", ")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// unavailable is the error of a request that was not read, because the
// connection was not trusted.
func (d distrust) unavailable(service api.Service, base string, cause error) *api.Error {
	return api.Wrap(api.CodeUnavailable, cause, fmt.Sprintf("the %s service at %s can't be used: %s", service, base, d.reason))
}
