// Package certs makes the certificates of a store in a directory: a private CA,
// and for each program one that it signed. A file's name is the program's.
package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// How long certificates are good for, and how long before their end they are
// renewed.
const (
	lifeOfCA    = 10 * 365 * 24 * time.Hour
	lifetime    = 365 * 24 * time.Hour
	renewBefore = 30 * 24 * time.Hour
	// clocks may differ by so much.
	leeway = 5 * time.Minute
)

// authority is the name of the CA's files.
const authority = "ca"

// State is how a certificate is.
type State string

// The states of certificates.
const (
	Valid   State = "valid"
	Ending  State = "ending"  // within 30 days
	Ended   State = "ended"   // nobody accepts it
	Missing State = "missing" // there is none, or no key to it
	Foreign State = "foreign" // it is not from the directory's CA
)

// Certificate is one of a directory's.
type Certificate struct {
	// Name is the program's, or "ca".
	Name string `json:"name"`
	// Identity is what services know a program by; null for the CA.
	Identity *string `json:"identity"`
	// Hosts are the names and addresses that the program may be reached at.
	Hosts  []string   `json:"hosts"`
	EndsAt *time.Time `json:"ends_at"`
	State  State      `json:"state"`
	File   string     `json:"file"`
}

// Dir is a directory of certificates, as it is at a time.
type Dir struct {
	Path string
	Now  time.Time
}

func (d Dir) certFile(name string) string { return filepath.Join(d.Path, name+".pem") }
func (d Dir) keyFile(name string) string  { return filepath.Join(d.Path, name+"-key.pem") }

// Init makes the directory, if it is not there, a CA and a certificate for each
// program. Hosts are added to those that every certificate is for: see
// [ParseHosts]. A directory that has any such file is left alone.
func (d Dir) Init(hosts Hosts) ([]Certificate, error) {
	for _, name := range names() {
		for _, file := range []string{d.certFile(name), d.keyFile(name)} {
			if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
				return nil, api.Errorf(api.CodeConflict,
					"%s is there already; `bazar certs renew %s` renews what ends, another directory makes a new CA", file, d.Path)
			}
		}
	}
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return nil, api.Errorf(api.CodeInvalid, "directory: %w", err)
	}
	ca, err := d.makeCA()
	if err != nil {
		return nil, err
	}
	for _, name := range trust.Names() {
		if err := d.issue(ca, name, hosts.of(name)); err != nil {
			return nil, err
		}
	}
	return d.Show()
}

// Renew makes new certificates, with new keys, in the place of those that end
// within 30 days, are not there, or lack a host; with all, of all. They keep
// the hosts that they had. It gives those that are new. The CA stays.
func (d Dir) Renew(hosts Hosts, all bool) (renewed []Certificate, err error) {
	ca, err := d.loadCA()
	if err != nil {
		return nil, err
	}
	for _, name := range trust.Names() {
		old := d.look(ca.certificate, name)
		wanted := hosts.of(name)
		if old.State != Missing {
			wanted = union(old.Hosts, hosts.added(name))
		}
		if !all && old.State == Valid && len(wanted) == len(old.Hosts) {
			continue
		}
		if err := d.issue(ca, name, wanted); err != nil {
			return renewed, err
		}
		renewed = append(renewed, d.look(ca.certificate, name))
	}
	return renewed, nil
}

// Exists says whether there is a CA.
func (d Dir) Exists() bool {
	_, err := os.Stat(d.certFile(authority))
	return err == nil
}

// Show gives the CA and the certificates, also those that are missing.
func (d Dir) Show() ([]Certificate, error) {
	ca, err := readCertificate(d.certFile(authority))
	if err != nil {
		return nil, noAuthority(d.Path, err)
	}
	list := []Certificate{d.describe(authority, ca, ca)}
	for _, name := range trust.Names() {
		list = append(list, d.look(ca, name))
	}
	return list, nil
}

func noAuthority(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return api.Errorf(api.CodeNotFound, "there is no CA in %s: %w; `bazar certs init %s` makes one", dir, err, dir)
	}
	return err
}

// look describes the certificate of a program.
func (d Dir) look(ca *x509.Certificate, name string) Certificate {
	certificate, err := readCertificate(d.certFile(name))
	key, keyErr := readKey(d.keyFile(name))
	if err != nil || keyErr != nil || !key.PublicKey.Equal(certificate.PublicKey) {
		return Certificate{Name: name, Hosts: []string{}, State: Missing, File: d.certFile(name)}
	}
	return d.describe(name, certificate, ca)
}

func (d Dir) describe(name string, c, ca *x509.Certificate) Certificate {
	it := Certificate{Name: name, Hosts: hostsOf(c), EndsAt: &c.NotAfter, State: Valid, File: d.certFile(name)}
	if len(c.URIs) > 0 {
		identity := c.URIs[0].String()
		it.Identity = &identity
	}
	known, ours := trust.NameOf(c)
	switch {
	case c.CheckSignatureFrom(ca) != nil, name != authority && (!ours || known != name):
		it.State = Foreign
	case d.Now.After(c.NotAfter):
		it.State = Ended
	case d.Now.Add(renewBefore).After(c.NotAfter):
		it.State = Ending
	}
	return it
}

func names() []string { return append([]string{authority}, trust.Names()...) }

// union gives the texts of both, each once.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// pair is a certificate with its key.
type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func (d Dir) loadCA() (pair, error) {
	certificate, err := readCertificate(d.certFile(authority))
	if err != nil {
		return pair{}, noAuthority(d.Path, err)
	}
	if err := trust.CheckPrivate(d.keyFile(authority)); err != nil {
		return pair{}, err
	}
	key, err := readKey(d.keyFile(authority))
	switch {
	case err != nil:
		return pair{}, err
	case !key.PublicKey.Equal(certificate.PublicKey):
		return pair{}, api.Errorf(api.CodeInvalid, "%s is not the key of %s", d.keyFile(authority), d.certFile(authority))
	case d.Now.Add(renewBefore).After(certificate.NotAfter):
		return pair{}, api.Errorf(api.CodeInvalid,
			"the CA ends at %s, and what it signs with it; make a new one with `bazar certs init` in another directory",
			certificate.NotAfter.UTC().Format(time.RFC3339))
	}
	return pair{certificate, key}, nil
}
