package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"strings"
	"sync"
)

// serveTCP answers the first line of a connection with what was seen, and every later line as it came. A face that greets
// first says what it saw before the client has spoken.
func (u *upstream) serveTCP(face Face, listener net.Listener, configuration *tls.Config) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var connections sync.Map
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if configuration != nil {
				connection = tls.Server(connection, configuration)
			}
			connections.Store(connection, nil)
			go func() {
				defer connections.Delete(connection)
				defer connection.Close()
				u.converse(ctx, face, connection)
			}()
		}
	}()
	return func() {
		cancel()
		_ = listener.Close()
		connections.Range(func(connection, _ any) bool {
			_ = connection.(net.Conn).Close()
			return true
		})
	}
}

func (u *upstream) converse(ctx context.Context, face Face, connection net.Conn) {
	seen := &Seen{Face: face.Name, Peer: connection.RemoteAddr().String(), Protocol: "TCP"}
	if encrypted, is := connection.(*tls.Conn); is {
		if encrypted.HandshakeContext(ctx) != nil {
			return
		}
		state := encrypted.ConnectionState()
		seen.TLS = seenTLS(&state)
	}
	answer := func() error {
		u.add(seen)
		return json.NewEncoder(connection).Encode(seen)
	}
	if face.GreetsFirst && answer() != nil {
		return
	}
	reader := bufio.NewReader(connection)
	for first := !face.GreetsFirst; ; first = false {
		line, err := reader.ReadString('\n')
		if first {
			seen.Text = strings.TrimRight(line, "\r\n")
			if answer() != nil {
				return
			}
		} else if _, failed := connection.Write([]byte(line)); failed != nil {
			return
		}
		if err != nil {
			return
		}
	}
}
