package web

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/bazar-store/bazar/internal/trust"
	"github.com/bazar-store/bazar/pkg/api"
)

// TLS are a server's settings of encryption. Without Cert and Key it speaks
// plain HTTP.
type TLS struct {
	// Cert and Key are PEM files, read again when they change.
	Cert, Key string
	// ClientCA is a PEM file of the CA whose certificates identify services.
	ClientCA string
	// ServicesOnly ends the handshake of who shows no certificate of ClientCA, for
	// servers that people reach through a front end.
	ServicesOnly bool
	// CA is a PEM file of the CA that this server's own calls trust; ClientCA
	// if it is empty.
	CA string
	// Min is the lowest version: 1.3, or 1.2 with AEAD suites alone.
	Min string
	// ServiceKey is a file that services of one machine share where they have
	// no certificates; it is made the first time.
	ServiceKey string

	// state is the directory for a key that no setting names.
	state string
}

func (t *TLS) fromEnv(getenv func(string) string) {
	t.Cert, t.Key = getenv("BAZAR_TLS_CERT"), getenv("BAZAR_TLS_KEY")
	t.ClientCA, t.CA = getenv("BAZAR_TLS_CLIENT_CA"), getenv("BAZAR_CA_FILE")
	t.Min = cmp.Or(getenv("BAZAR_TLS_MIN"), "1.3")
	// Whatever is not clearly a no keeps strangers out.
	if only := getenv("BAZAR_TLS_SERVICES_ONLY"); only != "" {
		yes, err := strconv.ParseBool(only)
		t.ServicesOnly = yes || err != nil
	}
	t.ServiceKey = getenv("BAZAR_SERVICE_KEY_FILE")
	t.state = getenv("XDG_STATE_HOME")
	if home := getenv("HOME"); !filepath.IsAbs(t.state) && home != "" {
		t.state = filepath.Join(home, ".local", "state")
	}
}

func (t *TLS) bind(fs *pflag.FlagSet) {
	fs.StringVar(&t.Cert, "tls-cert", t.Cert, "certificate `file` (PEM), for HTTPS (BAZAR_TLS_CERT)")
	fs.StringVar(&t.Key, "tls-key", t.Key, "the certificate's key `file` (PEM) (BAZAR_TLS_KEY)")
	fs.StringVar(&t.ClientCA, "tls-client-ca", t.ClientCA, "`file` of the CA whose certificates identify services (BAZAR_TLS_CLIENT_CA)")
	fs.BoolVar(&t.ServicesOnly, "tls-services-only", t.ServicesOnly,
		"end the handshake of who shows no certificate of --tls-client-ca: for servers that people reach through a front end (BAZAR_TLS_SERVICES_ONLY)")
	fs.StringVar(&t.Min, "tls-min", t.Min, "lowest TLS `version`: 1.3, or 1.2 with modern ciphers alone (BAZAR_TLS_MIN)")
}

// BindCalls adds the flags of a server that other services call, or that calls
// them. It is for [Command]'s bindMore.
func (s *Settings) BindCalls(fs *pflag.FlagSet) {
	fs.StringVar(&s.TLS.CA, "ca-file", s.TLS.CA, "`file` of the CA that other services' certificates are from; --tls-client-ca if not given (BAZAR_CA_FILE)")
	fs.StringVar(&s.TLS.ServiceKey, "service-key-file", s.TLS.ServiceKey, "`file` of the key that services of one machine share where they have no certificates (BAZAR_SERVICE_KEY_FILE)")
}

// Caller is what the server shows when it calls others under its name. Its
// errors are of settings that do not work.
func (s *Settings) Caller(log *slog.Logger, name string) (caller trust.Caller, err error) {
	caller = trust.Caller{Name: name, CAFile: cmp.Or(s.TLS.CA, s.TLS.ClientCA)}
	if caller.Key, err = s.serviceKey(name); err != nil || s.TLS.Cert == "" {
		return caller, err
	}
	caller.Pair, err = trust.LoadPair(log, s.TLS.Cert, s.TLS.Key)
	return caller, err
}

// serviceKey is the key that is asked for, or that services with accounts need
// because they have no certificates to be known by.
func (s *Settings) serviceKey(name string) (trust.Key, error) {
	switch {
	case s.TLS.ServiceKey != "":
		return trust.LoadKey(s.TLS.ServiceKey)
	case !s.needsKey(name):
		return trust.Key{}, nil
	case s.TLS.state == "":
		return trust.Key{}, api.Errorf(api.CodeInvalid, "there is no home directory for the services' key; name a file with BAZAR_SERVICE_KEY_FILE")
	default:
		return trust.LoadKey(filepath.Join(s.TLS.state, "bazar", "service.key"))
	}
}

// needsKey says whether a program has nothing else by which others know it. The
// front end's own door says nothing about how it reaches the accounts, who
// believe nobody else where a caller is.
func (s *Settings) needsKey(name string) bool {
	if name == string(api.FrontEnd) {
		return strings.Contains(s.AccountURL, "http:")
	}
	return s.hasAccounts() && s.TLS.ClientCA == ""
}

func (t *TLS) check() error {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		return api.Errorf(api.CodeInvalid, "--tls-cert and --tls-key go together; one of them is missing")
	case t.ClientCA != "" && t.Cert == "":
		return api.Errorf(api.CodeInvalid, "--tls-client-ca needs --tls-cert and --tls-key: without TLS nobody shows a certificate")
	case t.ServicesOnly && t.ClientCA == "":
		return api.Errorf(api.CodeInvalid, "--tls-services-only needs --tls-client-ca, the CA of the services' certificates")
	case t.Min != "" && t.Min != "1.2" && t.Min != "1.3":
		return api.Errorf(api.CodeInvalid, "TLS version %q is not served; use 1.3 or 1.2", t.Min)
	}
	return nil
}

// config is what a TLS listener goes by; nil for plain HTTP.
func (t *TLS) config(log *slog.Logger) (*tls.Config, error) {
	if t.Cert == "" {
		return nil, nil // plain HTTP
	}
	pair, err := trust.LoadPair(log, t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.Certificate(), nil },
		// Batches make few and large requests of many small ones. There is nothing
		// for HTTP/2 to multiplex, and two at a time of 12 kB cost half as much
		// processor time again over it as over HTTP/1.1.
		NextProtos: []string{"http/1.1"},
		// Who comes back shows again who it is, and is judged by today's CA. A
		// ticket would be good for a week; services keep their connections, and a
		// command has no ticket of the one before.
		SessionTicketsDisabled: true,
	}
	if t.Min == "1.2" {
		config.MinVersion, config.CipherSuites = tls.VersionTLS12, aead()
	}
	if t.ClientCA == "" {
		return config, nil
	}
	pool, err := trust.LoadPool(log, t.ClientCA)
	if err != nil {
		return nil, err
	}
	config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, pool.Certificates()
	if t.ServicesOnly {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	} // else people come without a certificate, and are known by their token
	config.GetConfigForClient = following(config.Clone(), pool)
	return config, nil
}

// aead are the suites of TLS 1.2 that have forward secrecy and no CBC.
func aead() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// following gives each connection the configuration with the CA as its file has
// it now.
func following(config *tls.Config, pool *trust.Pool) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	var mu sync.Mutex
	current := config
	return func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := pool.Certificates()
		mu.Lock()
		defer mu.Unlock()
		if !sameCAs(current.ClientCAs, now) {
			current = current.Clone()
			current.ClientCAs = now
		}
		return current, nil
	}
}

func sameCAs(a, b *x509.CertPool) bool { return a == b || a.Equal(b) }
