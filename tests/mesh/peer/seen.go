package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Seen is what the upstream saw of one request or connection; it is also what it answers.
type Seen struct {
	Face     string              `json:"face"`
	Peer     string              `json:"peer"` // address and port of who connected
	TLS      *SeenTLS            `json:"tls"`  // null on a connection in clear
	Protocol string              `json:"protocol"`
	Method   string              `json:"method,omitempty"`
	Host     string              `json:"host,omitempty"`
	Target   string              `json:"target,omitempty"` // the request target as it was sent
	Path     string              `json:"path,omitempty"`   // its path, decoded
	Headers  map[string][]string `json:"headers,omitempty"`
	Body     string              `json:"body,omitempty"`
	Text     string              `json:"text,omitempty"` // the first line of a TCP connection; empty when nothing was sent
}

// SeenTLS is what the upstream saw of the TLS handshake.
type SeenTLS struct {
	SNI     string      `json:"sni"`
	ALPN    string      `json:"alpn"`
	Version string      `json:"version"`
	Client  *SeenClient `json:"client"` // null without a client certificate
}

// SeenClient is the client certificate.
type SeenClient struct {
	Subject string   `json:"subject"`
	SANs    []string `json:"sans"`
	Serial  string   `json:"serial"`
}

func seenTLS(state *tls.ConnectionState) *SeenTLS {
	if state == nil {
		return nil
	}
	seen := &SeenTLS{SNI: state.ServerName, ALPN: state.NegotiatedProtocol, Version: tls.VersionName(state.Version)}
	if len(state.PeerCertificates) > 0 {
		certificate := state.PeerCertificates[0]
		names := append([]string{}, certificate.DNSNames...)
		for _, uri := range certificate.URIs {
			names = append(names, uri.String())
		}
		seen.Client = &SeenClient{Subject: certificate.Subject.String(), SANs: names, Serial: certificate.SerialNumber.Text(16)}
	}
	return seen
}

func seenRequest(face string, r *http.Request) *Seen {
	headers := map[string][]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	seen := &Seen{
		Face: face, Peer: r.RemoteAddr, TLS: seenTLS(r.TLS), Protocol: r.Proto,
		Method: r.Method, Host: r.Host, Target: r.RequestURI, Path: r.URL.Path, Headers: headers,
	}
	if !isGRPC(r) { // gRPC reads the body itself
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		seen.Body = string(body)
	}
	return seen
}

// A journal is everything that the upstream saw, in order.
type journal struct {
	mutex   sync.Mutex
	entries []*Seen
}

func (j *journal) add(seen *Seen) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.entries = append(j.entries, seen)
}

func (j *journal) read() []*Seen {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]*Seen{}, j.entries...)
}

func (j *journal) clear() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.entries = nil
}
