package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Outcome is what a client mode prints.
type Outcome struct {
	OK     bool            `json:"ok"`
	Error  string          `json:"error,omitempty"`
	Status string          `json:"status,omitempty"` // gRPC's code by name, or the HTTP status of a refused WebSocket
	Seen   json.RawMessage `json:"seen,omitempty"`   // what the upstream says that it saw
	Echo   string          `json:"echo,omitempty"`   // what came back of the text that was sent after that
}

type client struct {
	flags                            *flag.FlagSet
	useTLS                           bool
	serverName, ca, certificate, key string
	timeout                          time.Duration
}

func newClient(name string) *client {
	c := &client{flags: flag.NewFlagSet(name, flag.ExitOnError)}
	c.flags.BoolVar(&c.useTLS, "tls", false, "speak TLS")
	c.flags.StringVar(&c.serverName, "sni", "", "the `name` to ask for and to verify (default: the host that is called)")
	c.flags.StringVar(&c.ca, "ca", "", "`file` with the CA of the upstream's certificate")
	c.flags.StringVar(&c.certificate, "cert", "", "`file` with a client certificate")
	c.flags.StringVar(&c.key, "key", "", "`file` with its key")
	c.flags.DurationVar(&c.timeout, "timeout", 5*time.Second, "the longest wait for the whole conversation")
	return c
}

// tlsConfig is nil without -tls.
func (c *client) tlsConfig(address string) (*tls.Config, error) {
	if !c.useTLS {
		return nil, nil
	}
	configuration := &tls.Config{ServerName: c.serverName}
	if configuration.ServerName == "" {
		configuration.ServerName, _, _ = net.SplitHostPort(address)
	}
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, err
		}
		configuration.RootCAs = x509.NewCertPool()
		configuration.RootCAs.AppendCertsFromPEM(pem)
	}
	if c.certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
		if err != nil {
			return nil, err
		}
		configuration.Certificates = []tls.Certificate{pair}
	}
	return configuration, nil
}

// ask parses the flags, has one conversation and prints its outcome; an error is only what the caller got wrong.
func (c *client) ask(arguments []string, usage string, converse func(ctx context.Context, target string, configuration *tls.Config) Outcome) error {
	_ = c.flags.Parse(arguments)
	if c.flags.NArg() != 1 {
		return errors.New(usage)
	}
	target := c.flags.Arg(0)
	configuration, err := c.tlsConfig(target)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	return json.NewEncoder(os.Stdout).Encode(converse(ctx, target, configuration))
}

func askGRPC(arguments []string) error {
	c := newClient("grpc")
	text := c.flags.String("text", "hello", "the `text` to send")
	authority := c.flags.String("authority", "", "the :authority to send (default: the host that is called)")
	checkHealth := c.flags.Bool("health", false, "call the health service instead")
	return c.ask(arguments, "usage: peer grpc [flags] host:port", func(ctx context.Context, target string, configuration *tls.Config) Outcome {
		security := insecure.NewCredentials()
		if configuration != nil {
			security = credentials.NewTLS(configuration)
		}
		options := []grpc.DialOption{grpc.WithTransportCredentials(security)}
		if *authority != "" {
			options = append(options, grpc.WithAuthority(*authority))
		}
		connection, err := grpc.NewClient("passthrough:///"+target, options...)
		if err != nil {
			return Outcome{Error: err.Error()}
		}
		defer connection.Close()
		var outcome Outcome
		if *checkHealth {
			var answer *grpc_health_v1.HealthCheckResponse
			answer, err = grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			outcome.Echo = answer.GetStatus().String()
		} else {
			answer := &wrapperspb.StringValue{}
			err = connection.Invoke(ctx, echoMethod, wrapperspb.String(*text), answer)
			outcome.Seen = json.RawMessage(answer.Value)
		}
		outcome.Status = status.Code(err).String()
		if err != nil {
			return Outcome{Status: outcome.Status, Error: err.Error()}
		}
		outcome.OK = true
		return outcome
	})
}

func askWebSocket(arguments []string) error {
	c := newClient("websocket")
	text := c.flags.String("text", "hello", "the `text` to send")
	quiet := c.flags.Duration("quiet", 0, "how long to stay silent before sending")
	return c.ask(arguments, "usage: peer websocket [flags] ws://host:port/path", func(ctx context.Context, target string, configuration *tls.Config) Outcome {
		transport := &http.Transport{TLSClientConfig: configuration}
		connection, response, err := websocket.Dial(ctx, target, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			outcome := Outcome{Error: err.Error()}
			if response != nil {
				outcome.Status = fmt.Sprint(response.StatusCode)
			}
			return outcome
		}
		defer connection.CloseNow()
		_, seen, err := connection.Read(ctx)
		if err != nil {
			return Outcome{Error: err.Error()}
		}
		time.Sleep(*quiet)
		if err = connection.Write(ctx, websocket.MessageText, []byte(*text)); err != nil {
			return Outcome{Seen: seen, Error: err.Error()}
		}
		_, echo, err := connection.Read(ctx)
		if err != nil {
			return Outcome{Seen: seen, Error: err.Error()}
		}
		_ = connection.Close(websocket.StatusNormalClosure, "")
		return Outcome{OK: true, Status: "101", Seen: seen, Echo: string(echo)}
	})
}

func askTCP(arguments []string) error {
	c := newClient("tcp")
	text := c.flags.String("text", "hello", "the line to send; with -raw the bytes, with \\r and \\n written as escapes")
	raw := c.flags.Bool("raw", false, "send the text as it is and return whatever comes back as the echo")
	listen := c.flags.Bool("listen", false, "send nothing before the upstream has spoken")
	return c.ask(arguments, "usage: peer tcp [flags] host:port", func(ctx context.Context, target string, configuration *tls.Config) Outcome {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", target)
		if err != nil {
			return Outcome{Error: err.Error()}
		}
		defer connection.Close()
		deadline, _ := ctx.Deadline()
		_ = connection.SetDeadline(deadline)
		if configuration != nil {
			encrypted := tls.Client(connection, configuration)
			if err = encrypted.HandshakeContext(ctx); err != nil {
				return Outcome{Error: err.Error()}
			}
			connection = encrypted
		}
		if *raw {
			return exchangeRaw(connection, *text)
		}
		reader := bufio.NewReader(connection)
		if !*listen {
			if _, err = fmt.Fprintln(connection, *text); err != nil {
				return Outcome{Error: err.Error()}
			}
		}
		seen, err := reader.ReadString('\n')
		if err != nil {
			return Outcome{Error: err.Error()}
		}
		if _, err = fmt.Fprintln(connection, *text); err != nil {
			return Outcome{Seen: json.RawMessage(seen), Error: err.Error()}
		}
		echo, err := reader.ReadString('\n')
		if err != nil {
			return Outcome{Seen: json.RawMessage(seen), Error: err.Error()}
		}
		return Outcome{OK: true, Seen: json.RawMessage(seen), Echo: strings.TrimRight(echo, "\n")}
	})
}

func exchangeRaw(connection net.Conn, text string) Outcome {
	text = strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(text)
	if _, err := io.WriteString(connection, text); err != nil {
		return Outcome{Error: err.Error()}
	}
	answer, err := io.ReadAll(connection)
	if err != nil && len(answer) == 0 {
		return Outcome{Error: err.Error()}
	}
	return Outcome{OK: len(answer) > 0, Echo: string(answer)}
}
