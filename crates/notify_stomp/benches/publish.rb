# An event to a STOMP broker the way a small Ruby script does it, with nothing but what Ruby brings: publish.rb PORT OUTPUT
require 'socket'
require 'json'

def answer(broker)
  broker.gets("\0")
end

event = { hostname: 'web1', service: 'HTTP', state: 'CRITICAL', state_type: 'HARD', state_time: 1700000000, attempt: 3,
          max_attempts: 3, time_t: Time.now.to_i, output: ARGV[1] }
broker = TCPSocket.new('127.0.0.1', ARGV[0].to_i)
broker.write("CONNECT\naccept-version:1.2\nhost:/\nlogin:lab\npasscode:not-so-secret\n\n\0")
exit 1 unless answer(broker).lstrip.start_with?("CONNECTED")
body = JSON.generate(event)
broker.write("SEND\ndestination:/queue/bench\npersistent:true\nreceipt:1\ncontent-length:#{body.bytesize}\n\n#{body}\0")
exit 1 unless answer(broker).lstrip.start_with?("RECEIPT")
broker.write("DISCONNECT\n\n\0")
