package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// Face is one port of the upstream, as the control port sets it.
type Face struct {
	Name string `json:"name"`
	Port int    `json:"port"`
	// Protocol is "http": HTTP/1.1, HTTP/2, gRPC and WebSocket; "tcp": lines of text; "connect": a proxy that takes CONNECT.
	Protocol string `json:"protocol"`
	TLS      string `json:"tls"` // "" in clear, "simple", or "mutual": a client certificate is demanded
	// ClientCA, in PEM, is who may have issued a client certificate; empty with "mutual": every certificate is refused.
	ClientCA string `json:"clientCA"`
	// HTTP1Only refuses HTTP/2, GreetsFirst lets a TCP face speak before the client does.
	HTTP1Only   bool `json:"http1Only"`
	GreetsFirst bool `json:"greetsFirst"`
	// LeadsTo is the address that a proxy finds every name at; empty: it asks DNS.
	LeadsTo string `json:"leadsTo"`
}

// An upstream serves its faces, with one certificate a name, chosen by SNI.
type upstream struct {
	journal
	mutex        sync.Mutex
	open         map[Face]func() // a face that is served, and how to stop it
	certificates map[string]*tls.Certificate
	failed       map[string]bool // keys of /fail-once that have failed
}

// setFaces stops the faces that are not wanted any more, with their connections, and starts the new ones.
func (u *upstream) setFaces(faces []Face) error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	wanted := map[Face]bool{}
	for _, face := range faces {
		wanted[face] = true
	}
	for face, stop := range u.open {
		if !wanted[face] {
			stop()
			delete(u.open, face)
		}
	}
	for face := range wanted {
		if u.open[face] == nil {
			stop, err := u.serve(face)
			if err != nil {
				return fmt.Errorf("face %s: %w", face.Name, err)
			}
			u.open[face] = stop
		}
	}
	return nil
}

func (u *upstream) serve(face Face) (stop func(), err error) {
	if face.Protocol != "http" && face.Protocol != "tcp" && face.Protocol != "connect" {
		return nil, fmt.Errorf("no such protocol: %q", face.Protocol)
	}
	configuration, err := u.tlsConfig(face)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", face.Port))
	if err != nil {
		return nil, err
	}
	if face.Protocol == "tcp" {
		return u.serveTCP(face, listener, configuration), nil
	}
	ctx, cancel := context.WithCancel(context.Background()) // ends what has left the server's care: WebSockets
	handler := u.handler(face)
	if face.Protocol == "connect" {
		handler = u.serveProxy(face)
	}
	server := &http.Server{
		Handler: handler, TLSConfig: configuration, Protocols: new(http.Protocols),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(!face.HTTP1Only)
	server.Protocols.SetUnencryptedHTTP2(!face.HTTP1Only)
	go func() {
		if configuration == nil {
			_ = server.Serve(listener)
		} else {
			_ = server.ServeTLS(listener, "", "")
		}
	}()
	return func() {
		cancel()
		_ = server.Close()
	}, nil
}

func (u *upstream) tlsConfig(face Face) (*tls.Config, error) {
	configuration := &tls.Config{GetCertificate: u.certificate}
	switch face.TLS {
	case "":
		return nil, nil
	case "simple":
	case "mutual":
		configuration.ClientAuth = tls.RequireAndVerifyClientCert
		configuration.ClientCAs = x509.NewCertPool()
		if face.ClientCA != "" && !configuration.ClientCAs.AppendCertsFromPEM([]byte(face.ClientCA)) {
			return nil, errors.New("clientCA holds no certificate")
		}
	default:
		return nil, fmt.Errorf("no such kind of TLS: %q", face.TLS)
	}
	return configuration, nil
}

// setCertificates replaces the certificates of these names; "" is the name of the one for a client that sends no SNI.
func (u *upstream) setCertificates(pairs map[string]struct{ Certificate, Key string }) error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	for name, pair := range pairs {
		certificate, err := tls.X509KeyPair([]byte(pair.Certificate), []byte(pair.Key))
		if err != nil {
			return fmt.Errorf("certificate of %q: %w", name, err)
		}
		u.certificates[name] = &certificate
	}
	return nil
}

func (u *upstream) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if certificate := u.certificates[hello.ServerName]; certificate != nil {
		return certificate, nil
	}
	return nil, fmt.Errorf("no certificate for %q", hello.ServerName)
}

func newUpstream() *upstream {
	return &upstream{open: map[Face]func(){}, certificates: map[string]*tls.Certificate{}, failed: map[string]bool{}}
}
