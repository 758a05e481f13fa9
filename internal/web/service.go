package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// ServiceOf says which of Bazar's programs sent a request: "catalog", "order",
// "account" or "frontend". It is known by its client certificate, verified
// against the client CA, or on this machine by the key that the services share;
// nothing else that a request says counts. Where neither is configured, and in
// the process of a command, nobody is known.
func ServiceOf(r *http.Request) (name string, ok bool) {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return trust.NameOf(r.TLS.VerifiedChains[0][0])
	}
	name, ok = r.Context().Value(callerKey{}).(string)
	return name, ok
}

// callerKey is where a request's context has the service that the shared key
// tells.
type callerKey struct{}

// recognize has [ServiceOf] know services by the shared key; self is who is
// served here.
func recognize(log *slog.Logger, self string, key trust.Key, next http.Handler) http.Handler {
	if key.None() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.Header.Get(trust.Header)
		if text == "" || !fromHere(r) {
			next.ServeHTTP(w, r)
			return
		}
		from, digest, err := key.Verify(text, self, r.Method, r.RequestURI, time.Now())
		if err != nil {
			log.WarnContext(r.Context(), "a request claims to come from a service, and does not show it", "error", err.Error())
			next.ServeHTTP(w, r)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, from))
		r.Body = &sealed{ReadCloser: r.Body, seen: sha256.New(), want: digest}
		next.ServeHTTP(w, r)
	})
}

// fromHere says whether a request comes from this machine.
func fromHere(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

// sealed is a body that must have the digest that its sender told.
type sealed struct {
	io.ReadCloser

	seen hash.Hash
	want [sha256.Size]byte
}

// Read gives the body, and an error in the place of its end if it is another.
func (s *sealed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.seen.Write(p[:n]) // a hash takes everything
	if err == io.EOF && subtle.ConstantTimeCompare(s.seen.Sum(nil), s.want[:]) == 0 {
		return n, api.Errorf(api.CodeInvalid, "the body is not the one that the service sent")
	}
	return n, err
}
