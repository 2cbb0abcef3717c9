package main

import (
	"context"
	"io"
	"net"
	"net/http"
)

// serveProxy answers CONNECT, as a company's proxy does: it decides by the name that is asked for, which its clients need not
// resolve. What it carries it does not look into.
func (u *upstream) serveProxy(face Face) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.add(seenRequest(face.Name, r))
		if r.Method != http.MethodConnect {
			http.Error(w, "this is a proxy: it takes CONNECT alone", http.StatusMethodNotAllowed)
			return
		}
		target := r.RequestURI
		if face.LeadsTo != "" {
			_, port, err := net.SplitHostPort(target)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			target = net.JoinHostPort(face.LeadsTo, port)
		}
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", target)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err == nil {
			carry(r.Context(), there, here, buffered)
		}
	})
}

// carry copies both ways until one of them ends, or the context does.
func carry(ctx context.Context, there, here net.Conn, buffered io.Reader) {
	ended := make(chan error, 2)
	go func() { _, err := io.Copy(there, buffered); ended <- err }()
	go func() { _, err := io.Copy(here, there); ended <- err }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
