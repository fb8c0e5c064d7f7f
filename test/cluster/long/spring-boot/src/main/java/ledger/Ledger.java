package ledger;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.actuate.web.exchanges.HttpExchangeRepository;
import org.springframework.boot.actuate.web.exchanges.InMemoryHttpExchangeRepository;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** An application that does nothing; Actuator says what it has to say about itself. */
@SpringBootApplication
public class Ledger {
    public static void main(String[] args) {
        SpringApplication.run(Ledger.class, args);
    }

    @Bean
    HttpExchangeRepository exchanges() {
        return new InMemoryHttpExchangeRepository();
    }
}
