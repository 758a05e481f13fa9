package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// Kinds of PEM blocks.
const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// makeCA makes the CA, which must not be there.
func (d Dir) makeCA() (pair, error) {
	serial, err := newSerial()
	if err != nil {
		return pair{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// A store's CA is told from another store's by its name.
		Subject:   pkix.Name{CommonName: "Bazar CA " + hex.EncodeToString(serial.Bytes()[:4])},
		NotBefore: d.Now.Add(-leeway), NotAfter: d.Now.Add(lifeOfCA),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	return d.sign(template, pair{template, key}, key, authority)
}

// issue makes a program's certificate with a new key, in the place of what is
// there.
func (d Dir) issue(ca pair, name string, hosts []string) error {
	serial, err := newSerial()
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Bazar " + name},
		NotBefore: d.Now.Add(-leeway), NotAfter: d.Now.Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{trust.URI(name)}, BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	_, err = d.sign(template, ca, key, name)
	return err
}

// sign makes and writes a certificate; the key first, because a server that
// sees a new certificate looks for its key.
func (d Dir) sign(template *x509.Certificate, by pair, key *ecdsa.PrivateKey, name string) (pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return pair{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, err
	}
	if err := write(d.keyFile(name), keyBlock, secret, 0o600); err != nil {
		return pair{}, err
	}
	if err := write(d.certFile(name), certificateBlock, der, 0o644); err != nil {
		return pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return pair{certificate, key}, err
}

func newSerial() (*big.Int, error) {
	// 127 bits, and never few.
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	return serial.SetBit(serial, 126, 1), nil
}

func write(path, kind string, der []byte, mode os.FileMode) error {
	return replace(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

// replace puts a file in its place whole, so that nobody reads half of one.
func replace(path string, text []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-") // mode 0600
	if err != nil {
		return api.Errorf(api.CodeInvalid, "%w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error tells
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func read(path, kind string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, api.Errorf(api.CodeInvalid, "%s is not a %s in PEM", path, kind)
	}
	return block.Bytes, nil
}

func readCertificate(path string) (*x509.Certificate, error) {
	der, err := read(path, certificateBlock)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%s: %w", path, err)
	}
	return certificate, nil
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	der, err := read(path, keyBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalid, "%s: %w", path, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, api.Errorf(api.CodeInvalid, "%s is not a key that bazar made", path)
	}
	return key, nil
}
