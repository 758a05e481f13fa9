package trust

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/bazar-store/bazar/pkg/api"
)

// watched makes a value of files, and makes it again when one of them changed:
// it looks whenever the value is wanted. Files that can't be used leave the
// value as it was, and the log says so once.
type watched[T any] struct {
	files []string
	make  func() (T, error)
	log   *slog.Logger

	mu      sync.Mutex
	seen    []os.FileInfo
	current T
}

func watch[T any](log *slog.Logger, load func() (T, error), files ...string) (*watched[T], error) {
	w := &watched[T]{files: files, make: load, log: log}
	w.seen = w.look()
	var err error
	w.current, err = load()
	return w, err
}

func (w *watched[T]) get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.look()
	if same(w.seen, now) {
		return w.current
	}
	// Looked at before they are read: what changes meanwhile is seen next time.
	w.seen = now
	next, err := w.make()
	if err != nil {
		w.log.Warn("changed files can't be used; what was in force stays", "files", w.files, "error", err.Error())
		return w.current
	}
	w.current = next
	w.log.Info("files read again", "files", w.files)
	return w.current
}

func (w *watched[T]) look() []os.FileInfo {
	infos := make([]os.FileInfo, len(w.files))
	for i, file := range w.files {
		infos[i], _ = os.Stat(file) // a missing one is nil; reading it tells
	}
	return infos
}

func same(a, b []os.FileInfo) bool {
	for i := range a {
		if a[i] == nil || b[i] == nil {
			if a[i] != b[i] {
				return false
			}
			continue
		}
		if !os.SameFile(a[i], b[i]) || a[i].Size() != b[i].Size() || !a[i].ModTime().Equal(b[i].ModTime()) {
			return false
		}
	}
	return true
}

// Pair is a certificate with its key, from two PEM files that are read again
// when they change: whoever renews them need not stop what uses them.
type Pair struct{ *watched[*tls.Certificate] }

// LoadPair reads both files. The log says when they were read again, and why
// they could not be.
func LoadPair(log *slog.Logger, certFile, keyFile string) (*Pair, error) {
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, api.Errorf(api.CodeInvalid, "certificate %s with key %s: %w", certFile, keyFile, err)
		}
		if !time.Now().Before(pair.Leaf.NotAfter) {
			log.Warn("this certificate has ended; nobody will accept it", "file", certFile, "ended", pair.Leaf.NotAfter)
		}
		return &pair, nil
	}
	w, err := watch(log, load, certFile, keyFile)
	return &Pair{w}, err
}

// Certificate gives the pair as the files have it now.
func (p *Pair) Certificate() *tls.Certificate { return p.get() }

// Pool is a file of CA certificates, read again when it changes.
type Pool struct{ *watched[*x509.CertPool] }

// LoadPool reads the PEM file, which must have certificates and nothing else.
func LoadPool(log *slog.Logger, file string) (*Pool, error) {
	w, err := watch(log, func() (*x509.CertPool, error) { return readPool(x509.NewCertPool(), file) }, file)
	return &Pool{w}, err
}

// Certificates gives the pool as the file has it now.
func (p *Pool) Certificates() *x509.CertPool { return p.get() }

// readPool adds a file's certificates to a pool.
func readPool(pool *x509.CertPool, file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "CA file: %w", err)
	}
	found := false
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, api.Errorf(api.CodeInvalid, "CA file %s: it has a %s that is no certificate", file, block.Type)
		}
		pool.AddCert(certificate)
		found = true
	}
	if !found {
		return nil, api.Errorf(api.CodeInvalid, "CA file %s: there is no certificate in it (PEM)", file)
	}
	return pool, nil
}
